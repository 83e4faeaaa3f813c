import { Suspense, lazy, useId, useState } from "react";
import type { Message, Part } from "@/client/api";
import { Markdown } from "@/lib/markdown/markdown";
import { isTerminal } from "@/lib/stream/fold";
import { AnswerActions } from "./answer-actions";
import { Ending } from "./ending";
import { MediaParts } from "./media-parts";
import { Reasoning } from "./reasoning";
import { Retrying } from "./retrying";
import { SourceList } from "./source-list";
import { ToolCall } from "./tool-call";
import { UsageChips } from "./usage-chips";
import { type Answer, useAnswer } from "./use-answer";

const AnswerDetails = lazy(() => import("./answer-details"));

interface AssistantMessageProps {
  message: Message;
  isLast: boolean;
}

/** An answer: live while it is written, and the same when it is read again. */
export function AssistantMessage({ message, isLast }: AssistantMessageProps) {
  const answer = useAnswer(message);
  const ended = isTerminal(answer.status);
  const [isOpen, setOpen] = useState(false);
  const detailsId = useId();
  return (
    <article
      aria-label={`Answer by ${message.model ?? "the model"}`}
      aria-busy={!ended}
      tabIndex={-1}
      className="group/message rounded-lg focus-visible:outline-offset-4"
    >
      <AnswerParts messageId={message.id} answer={answer} streaming={!ended} />
      {ended && <Ending message={message} answer={answer} />}
      {ended && (
        <footer className="mt-2 flex min-h-8 flex-wrap items-center justify-between gap-x-3">
          <UsageChips model={message.model} usage={answer.usage} />
          <AnswerActions
            message={message}
            answer={answer}
            isLast={isLast}
            details={{ id: detailsId, open: isOpen, toggle: () => setOpen(!isOpen) }}
          />
        </footer>
      )}
      <div id={detailsId} hidden={!isOpen} className="mt-2 rounded-md bg-sunken px-3 py-2">
        {isOpen && (
          <Suspense>
            <AnswerDetails message={message} />
          </Suspense>
        )}
      </div>
    </article>
  );
}

interface AnswerPartsProps {
  messageId: string;
  answer: Answer;
  streaming: boolean;
}

function AnswerParts({ messageId, answer, streaming }: AnswerPartsProps) {
  const parts = readable(answer.parts);
  const annotations = answer.parts.filter((part) => part.type === "annotation");
  if (parts.length === 0 && streaming) {
    return answer.retry ? <Retrying retry={answer.retry} /> : <Placeholder />;
  }
  return (
    <div className="flex flex-col gap-3">
      {parts.map((part, index) => {
        const isOpen = streaming && index === parts.length - 1;
        switch (part.type) {
          case "reasoning":
            return (
              <Reasoning
                key={index}
                text={part.text}
                duration_ms={part.duration_ms ?? answer.reasoning_ms}
                streaming={isOpen}
              />
            );
          case "text":
            return <Markdown key={index} text={part.text} streaming={isOpen} />;
          case "tool_call":
            return <ToolCall key={index} call={part} messageId={messageId} streaming={streaming} />;
          case "annotation":
          case "tool_result":
            return null;
          default:
            return <MediaParts key={index} parts={[part]} />;
        }
      })}
      {!streaming && <SourceList annotations={annotations} />}
    </div>
  );
}

/**
 * A continued answer begins with the old text as a part of its own; it is read as one text. Reasoning without text
 * holds only what the provider wants back; citations are listed below.
 */
function readable(parts: readonly Part[]): Part[] {
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.type === "text" && last?.type === "text") {
      merged[merged.length - 1] = { type: "text", text: last.text + part.text };
    } else if (isShown(part)) merged.push(part);
  }
  return merged;
}

function isShown(part: Part): boolean {
  return part.type === "reasoning" ? part.text !== "" : part.type !== "annotation";
}

function Placeholder() {
  return (
    <p className="flex min-h-6 items-center gap-2.5 text-ink-3">
      <span className="live-dot" aria-hidden />
      Waiting for the first word
    </p>
  );
}
