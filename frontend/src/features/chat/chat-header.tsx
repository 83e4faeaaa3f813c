import type { Session } from "@/client/api";
import { ScreenHeader } from "@/components/screen-header";
import { TipButton } from "@/components/tip-button";
import { formatCount, formatUsd, plural } from "@/lib/format";

interface ChatHeaderProps {
  session: Session | undefined;
  isNew: boolean;
}

export function ChatHeader({ session, isNew }: ChatHeaderProps) {
  return (
    <ScreenHeader title={session?.title || (isNew || session ? "New chat" : "")}>
      {session && session.totals.total_tokens > 0 && <Totals totals={session.totals} />}
    </ScreenHeader>
  );
}

function Totals({ totals }: { totals: Session["totals"] }) {
  const { prompt_tokens, completion_tokens, total_tokens, cost_usd, unknown_calls } = totals;
  const unknown =
    unknown_calls > 0 ? ` The cost of ${plural(unknown_calls, "call")} is not known (yet).` : "";
  return (
    <TipButton
      tip={`${formatCount(prompt_tokens)} tokens in, ${formatCount(completion_tokens)} out.${unknown}`}
      className="flex-none px-1.5 py-1 text-xs text-ink-3 tabular-nums"
    >
      <span className="hidden sm:inline">{formatCount(total_tokens)} tokens · </span>
      <span className="text-ink-2">{formatUsd(cost_usd)}</span>
      {unknown_calls > 0 && " + ?"}
    </TipButton>
  );
}
