import { Suspense, lazy, memo } from "react";
import type { ContextUse, Message } from "@/client/api";
import { isTerminal } from "@/lib/stream/fold";
import { AssistantMessage } from "./assistant-message";
import { ContextLine } from "./context-line";
import { ToolMessage } from "./tool-message";
import type { NewTurn } from "./turns";
import { UserMessage } from "./user-message";

const PathEnd = lazy(() => import("./path-end"));

interface RowProps {
  message: Message;
  isLast: boolean;
}

interface MessageRowProps extends RowProps {
  /** What of the messages above was not sent as it is, where that begins above this one. */
  cut: ContextUse | null;
}

export const MessageRow = memo(function MessageRow({ message, isLast, cut }: MessageRowProps) {
  return (
    <>
      {cut && <ContextLine use={cut} message={message} />}
      <div className="column py-3">
        <Row message={message} isLast={isLast} />
        {isLast && mayWait(message) && (
          <Suspense>
            <PathEnd message={message} />
          </Suspense>
        )}
      </div>
    </>
  );
});

/** Whether what waits below the message is worth loading: most answers wait for nothing. */
function mayWait({ role, status, parts }: Message): boolean {
  const hasCalls = parts.some(({ type }) => type === "tool_call");
  return isTerminal(status) && (role !== "assistant" || hasCalls);
}

function Row({ message, isLast }: RowProps) {
  switch (message.role) {
    case "assistant":
      return <AssistantMessage message={message} isLast={isLast} />;
    case "tool":
      return <ToolMessage message={message} />;
    default:
      return <UserMessage message={message} />;
  }
}

/** The user's words in the frame after they were sent, before the server has stored them. */
export function SendingRow({ turn: { content, parts } }: { turn: NewTurn }) {
  const text = content ?? parts?.map((part) => (part.type === "text" ? part.text : "")).join("");
  return (
    <div className="column py-3">
      <article aria-label="You, being sent" className="rounded-lg bg-sunken px-4 py-3 text-ink-2">
        <p className="wrap-anywhere whitespace-pre-wrap">{text}</p>
      </article>
    </div>
  );
}
