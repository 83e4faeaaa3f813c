import { Suspense, lazy, memo } from "react";
import type { Message } from "@/client/api";
import { isTerminal } from "@/lib/stream/fold";
import { AssistantMessage } from "./assistant-message";
import { ToolMessage } from "./tool-message";
import type { NewTurn } from "./turns";
import { UserMessage } from "./user-message";

const PathEnd = lazy(() => import("./path-end"));

interface MessageRowProps {
  message: Message;
  isLast: boolean;
}

export const MessageRow = memo(function MessageRow({ message, isLast }: MessageRowProps) {
  return (
    <div className="column py-3">
      <Row message={message} isLast={isLast} />
      {isLast && isTerminal(message.status) && (
        <Suspense>
          <PathEnd message={message} />
        </Suspense>
      )}
    </div>
  );
});

function Row({ message, isLast }: MessageRowProps) {
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
