import { Link } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import type { Message, StreamError } from "@/client/api";
import { Button, buttonClass } from "@/components/button";
import { useCopy } from "@/lib/use-copy";
import { StatusChip } from "./status-chip";
import { useContinue, useRegenerate } from "./turns";
import { ERROR_TITLES, NEEDS_SETTINGS } from "./error-texts";
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
  const regenerate = useRegenerate();
  const goOn = useContinue();
  const { copied, copy } = useCopy();
  const generationId = message.generation_id;
  const calm = CALM.has(error.error_code);
  const busy = regenerate.isPending || goOn.isPending;
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
          <p className="text-sm wrap-anywhere text-ink-2">{error.message}</p>
          <p className="text-sm text-ink-2">{error.hint}</p>
        </div>
      </div>
      <div className="mt-2.5 ml-6.5 flex flex-wrap gap-2">
        {answer.content !== "" && generationId !== null && (
          <Button disabled={busy} onClick={() => goOn.mutate(generationId)}>
            Continue
          </Button>
        )}
        <Button disabled={busy} onClick={() => regenerate.mutate(message.id)}>
          Regenerate
        </Button>
        {NEEDS_SETTINGS.has(error.error_code) && (
          <Link to="/app/settings" className={buttonClass("plain")}>
            Open settings
          </Link>
        )}
        <Button look="quiet" onClick={() => copy(JSON.stringify(error, null, 2))}>
          {copied ? "Copied" : "Copy details"}
        </Button>
      </div>
    </div>
  );
}
