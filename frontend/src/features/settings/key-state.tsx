import { KeyRound, type LucideIcon, Sparkles, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Settings } from "@/client/api";

const OPENROUTER = "https://openrouter.ai/";

/** Who answers now, and by which key. */
export function KeyState({ settings: { key, demo, base_url } }: { settings: Settings }) {
  if (key.source === "env") {
    return (
      <State icon={KeyRound} title={`Key ending in ${key.last4}, from the environment`}>
        It is set outside the console, in <code>OPENROUTER_API_KEY</code> or in <code>.env</code>,
        and cannot be changed here. Change it there and start the console again.
      </State>
    );
  }
  if (key.source === "file") {
    return (
      <State icon={KeyRound} title={`Key ending in ${key.last4}, stored on this machine`}>
        Whether the provider accepts it shows with the next answer.
      </State>
    );
  }
  if (demo) {
    return (
      <State icon={Sparkles} title="Demo mode">
        No key is known, so a model that is built into the console answers. It costs nothing and
        nothing leaves this machine. Give a key to talk to real models; it applies at once.
      </State>
    );
  }
  if (!base_url.startsWith(OPENROUTER)) {
    return (
      <State icon={KeyRound} title="No key">
        {base_url} is asked without one.
      </State>
    );
  }
  return (
    <State icon={TriangleAlert} title="No key">
      Demo mode is switched off, so nothing can answer until a key is given.
    </State>
  );
}

interface StateProps {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
}

function State({ icon: Icon, title, children }: StateProps) {
  return (
    <div className="flex gap-3 rounded-lg border border-line bg-sunken px-4 py-3 text-sm">
      <Icon aria-hidden className="mt-0.5 size-4 flex-none text-accent" />
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        <p className="wrap-anywhere text-ink-2">{children}</p>
      </div>
    </div>
  );
}
