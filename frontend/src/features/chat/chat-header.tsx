import { Link } from "@tanstack/react-router";
import type { Session } from "@/client/api";
import { ScreenHeader } from "@/components/screen-header";
import { useTooltip } from "@/components/tooltip";
import { formatCount, formatUsd, plural } from "@/lib/format";

interface ChatHeaderProps {
  session: Session | undefined;
  isNew: boolean;
}

export function ChatHeader({ session, isNew }: ChatHeaderProps) {
  return (
    <ScreenHeader title={session?.title || (isNew || session ? "New chat" : "")}>
      {session && hasCalls(session) && <Totals session={session} />}
    </ScreenHeader>
  );
}

function hasCalls({ totals }: Session): boolean {
  return totals.total_tokens > 0 || totals.cost_usd > 0 || totals.unknown_calls > 0;
}

/** Leads to what it went to, by model. */
function Totals({ session: { id, totals } }: { session: Session }) {
  const { prompt_tokens, completion_tokens, total_tokens, cost_usd, unknown_calls } = totals;
  const unknown =
    unknown_calls > 0 ? ` The cost of ${plural(unknown_calls, "call")} is not known (yet).` : "";
  const {
    id: tipId,
    trigger,
    popup,
  } = useTooltip(
    `${formatCount(prompt_tokens)} tokens in, ${formatCount(completion_tokens)} out.${unknown}`,
  );
  return (
    <>
      <Link
        to="/app/chat/$sessionId"
        params={{ sessionId: id }}
        search={{ usage: true }}
        {...trigger}
        aria-describedby={popup ? tipId : undefined}
        className="flex-none rounded-sm px-1.5 py-1 text-xs text-ink-3 tabular-nums hover:bg-hover pointer-coarse:py-2.5"
      >
        <span className="sr-only">What this chat cost: </span>
        <span className="hidden sm:inline">{formatCount(total_tokens)} tokens · </span>
        <span className="text-ink-2">{formatUsd(cost_usd)}</span>
        {unknown_calls > 0 && " + ?"}
      </Link>
      {popup}
    </>
  );
}
