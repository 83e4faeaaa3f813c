import type { Message, RetryData } from "@/client/api";
import { type AnswerView, isTerminal, viewOfMessage } from "@/lib/stream/fold";
import { useRun } from "@/lib/stream/run-store";

export interface Answer extends AnswerView {
  /** How long it reasoned, as seen here; null when that is not known. */
  reasoning_ms: number | null;
  /** The provider is about to be asked again. */
  retry: RetryData | null;
}

/** A message as it is now: as stored, or with what has arrived since. */
export function useAnswer(message: Message): Answer {
  const run = useRun(message.generation_id);
  if (!run || isTerminal(message.status) || run.view.last_seq < message.last_seq) {
    return { ...viewOfMessage(message), reasoning_ms: null, retry: null };
  }
  return { ...run.view, reasoning_ms: run.reasoning_ms, retry: run.retry };
}
