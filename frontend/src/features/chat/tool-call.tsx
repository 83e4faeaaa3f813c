import { Wrench } from "lucide-react";
import { CodeBlock } from "@/lib/markdown/code-block";

/** A tool that the model asked for. The console shows the call; it does not run it. */
export function ToolCall({ name, args }: { name: string; args: string }) {
  return (
    <section aria-label={`Call of ${name}`} className="flex flex-col gap-1.5">
      <p className="flex items-center gap-2 text-sm text-ink-2">
        <Wrench aria-hidden className="size-4" />
        Asked for <code className="font-mono">{name}</code>
      </p>
      <CodeBlock code={args} language="json" open={false} />
    </section>
  );
}
