import { Link } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import type { Message, StreamError } from "@/client/api";
import { Button, buttonClass } from "@/components/button";
import { formatWait } from "@/lib/format";
import { useCopy } from "@/lib/use-copy";
import { useCountdown } from "@/lib/use-countdown";
import { StatusChip } from "./status-chip";
import { useAnswerAgain } from "./turns";
import { ERROR_TITLES, NEEDS_SETTINGS, sentence } from "./error-texts";
import type { Answer } from "./use-answer";

interface ErrorSlotProps {
  error: StreamError;
  message: Message;
  answer: Answer;
}

/** Ended by the console or the wire: nothing was refused, so the tone is a calmer one. */
const CALM: ReadonlySet<string> = new Set(["interrupted", "upstream_truncated"]);

/** Why an answer ended early, in its own place, with what to do next. The text so far stays above it. */
export function ErrorSlot({ error, message, answer }: ErrorSlotProps) {
  const { pending, regenerate, continueFrom } = useAnswerAgain(message);
  const { copied, copy } = useCopy();
  const generationId = message.generation_id;
  const calm = CALM.has(error.error_code);
  return (
    <div
      className={`mt-3 rounded-lg border px-4 py-3 ${calm ? "border-line bg-sunken" : "border-danger/25 bg-danger-soft"}`}
    >
      <div role="alert" className="flex gap-2.5">
        <CircleAlert
          aria-hidden
          className={`mt-0.5 size-4 flex-none ${calm ? "text-warn" : "text-danger"}`}
        />
        <div className="min-w-0">
          <p className="font-medium">
            {calm && <StatusChip status={answer.status} />}
            {ERROR_TITLES[error.error_code] ?? "The answer failed"}
          </p>
          <p className="text-sm wrap-anywhere text-ink-2">{sentence(error.message)}</p>
          <p className="text-sm text-ink-2">
            {hintFor(error, answer)}
            {error.retry_after_ms !== null && message.completed_at !== null && (
              <WhenAgain until_ms={Date.parse(message.completed_at) + error.retry_after_ms} />
            )}
          </p>
        </div>
      </div>
      <div className="mt-2.5 ml-6.5 flex flex-wrap gap-2">
        {answer.content !== "" && generationId !== null && (
          <Button disabled={pending} onClick={() => continueFrom(generationId)}>
            Continue
          </Button>
        )}
        <Button disabled={pending} onClick={regenerate}>
          Regenerate
        </Button>
        {NEEDS_SETTINGS.has(error.error_code) && (
          <Link to="/app/settings" className={buttonClass("plain")}>
            Open settings
          </Link>
        )}
        {error.error_code === "budget_exceeded" && (
          <Link to="/app/usage" search={{ view: "budgets" }} className={buttonClass("plain")}>
            See budgets
          </Link>
        )}
        <Button look="quiet" onClick={() => copy(JSON.stringify(error, null, 2))}>
          {copied ? "Copied" : "Copy details"}
        </Button>
      </div>
    </div>
  );
}

/** When another call can succeed, as far as the provider said; silent once that has passed. */
function WhenAgain({ until_ms }: { until_ms: number }) {
  const left_s = useCountdown(until_ms);
  return left_s > 0 && <> It takes calls again in {formatWait(left_s)}.</>;
}

/** The server's hint, but where it does not fit what stands here. */
function hintFor({ error_code, hint }: StreamError, { content }: Answer): string {
  if (error_code === "upstream_model_not_found") {
    return "Pick another model below, then regenerate.";
  }
  if (content === "" && /\bcontinue\b/i.test(hint)) {
    return "No text was written yet, so there is nothing to go on from. Regenerate for a new answer.";
  }
  return sentence(hint);
}
