import { memo } from "react";
import type { Message } from "@/client/api";
import { AssistantMessage } from "./assistant-message";
import { UserMessage } from "./user-message";

interface MessageRowProps {
  message: Message;
  isLast: boolean;
}

export const MessageRow = memo(function MessageRow({ message, isLast }: MessageRowProps) {
  return (
    <div className="column py-3">
      {message.role === "assistant" ? (
        <AssistantMessage message={message} isLast={isLast} />
      ) : (
        <UserMessage message={message} />
      )}
    </div>
  );
});

/** The user's words in the frame after they were sent, before the server has stored them. */
export function SendingRow({ content }: { content: string }) {
  return (
    <div className="column py-3">
      <article aria-label="You, being sent" className="rounded-lg bg-sunken px-4 py-3 text-ink-2">
        <p className="wrap-anywhere whitespace-pre-wrap">{content}</p>
      </article>
    </div>
  );
}
