import { Check, Copy, Info, RefreshCw, StepForward } from "lucide-react";
import type { Message } from "@/client/api";
import { IconButton } from "@/components/icon-button";
import { useCopy } from "@/lib/use-copy";
import { SiblingSwitcher } from "./sibling-switcher";
import { useAnswerAgain } from "./turns";
import type { Answer } from "./use-answer";

interface AnswerActionsProps {
  message: Message;
  answer: Answer;
  isLast: boolean;
  /** How the answer was made, shown below it on request. */
  details: { id: string; open: boolean; toggle: () => void };
}

export function AnswerActions({ message, answer, isLast, details }: AnswerActionsProps) {
  const { copied, copy } = useCopy();
  const { pending, regenerate, continueFrom } = useAnswerAgain(message);
  const generationId = message.generation_id;
  const isWhole = answer.status === "completed" && answer.finish_reason !== "length";
  const canContinue = isLast && !isWhole && answer.content !== "" && answer.error === null;
  return (
    <div
      className={`-mr-2 ml-auto flex items-center transition-opacity focus-within:opacity-100 group-hover/message:opacity-100 pointer-coarse:opacity-100 ${isLast ? "" : "opacity-0"}`}
    >
      <IconButton label={copied ? "Copied" : "Copy"} onClick={() => copy(answer.content)}>
        {copied ? <Check aria-hidden /> : <Copy aria-hidden />}
      </IconButton>
      {generationId !== null && (
        <IconButton
          label="Details"
          aria-expanded={details.open}
          aria-controls={details.id}
          onClick={details.toggle}
        >
          <Info aria-hidden />
        </IconButton>
      )}
      <IconButton label="Regenerate" disabled={pending} onClick={regenerate}>
        <RefreshCw aria-hidden />
      </IconButton>
      {canContinue && generationId !== null && (
        <IconButton label="Continue" disabled={pending} onClick={() => continueFrom(generationId)}>
          <StepForward aria-hidden />
        </IconButton>
      )}
      <SiblingSwitcher message={message} />
    </div>
  );
}
