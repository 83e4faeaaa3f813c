import { Link } from "@tanstack/react-router";
import type { ContextUse, Message } from "@/client/api";
import { formatContext, plural } from "@/lib/format";

interface ContextLineProps {
  use: ContextUse;
  /** The first message that was sent as it is. */
  message: Message;
}

/** The place in the conversation above which the newest answer did not read every word, and why. */
export function ContextLine({ use, message }: ContextLineProps) {
  return (
    <p
      role="note"
      className="column flex items-center gap-3 pb-3 text-xs text-ink-3 before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line"
    >
      <span className="max-w-[80%] text-center text-balance">
        {textOf(use)}{" "}
        <Link
          to="/app/chat/$sessionId"
          params={{ sessionId: message.session_id }}
          search={{ context: true }}
          className="text-ink-2 underline underline-offset-2"
        >
          {use.summary_id === null ? "Summarise them" : "Read the summary"}
        </Link>
      </span>
    </p>
  );
}

function textOf({ dropped_messages, summary_id, limit_tokens }: ContextUse): string {
  const summary = summary_id === null ? "" : "What stands above was sent as a summary.";
  if (dropped_messages === 0) return summary;
  const left = plural(dropped_messages, "older message was", "older messages were");
  const limit = limit_tokens === null ? "" : ` of ${formatContext(limit_tokens)} tokens`;
  return `${summary} ${left} not sent, to fit the model’s context${limit}.`.trim();
}
