import type { Message } from "@/client/api";
import { ErrorSlot } from "./error-slot";
import { Chip, StatusChip } from "./status-chip";
import type { Answer } from "./use-answer";

/** Why an answer ended as it did. One that is whole says nothing. */
export function Ending({ message, answer }: { message: Message; answer: Answer }) {
  const { status, error, finish_reason } = answer;
  if (error) return <ErrorSlot message={message} error={error} answer={answer} />;
  if (status === "stopped") {
    return (
      <p className="mt-2 text-sm text-ink-3">
        <StatusChip status={status} />
        {answer.content === ""
          ? "No text was written. Regenerate for a new answer."
          : "What was written is kept."}
      </p>
    );
  }
  if (status === "completed" && finish_reason === "length") {
    return (
      <p className="mt-2 text-sm text-ink-3">
        <Chip>Length limit</Chip>
        The answer reached its limit of tokens.
      </p>
    );
  }
  return status === "completed" ? null : (
    <p className="mt-2 text-sm text-ink-3">
      <StatusChip status={status} />
    </p>
  );
}
