import type { Message } from "@/client/api";
import { isTerminal } from "@/lib/stream/fold";
import { useRuns } from "@/lib/stream/run-store";

/** The generation that is writing the newest message, or null. Changes at its start and end only. */
export function useRunningGeneration(messages: readonly Message[]): string | null {
  const last = messages.at(-1);
  const id = last && !isTerminal(last.status) ? last.generation_id : null;
  const ended = useRuns(({ runs }) => {
    const run = id === null ? undefined : runs[id];
    return run !== undefined && isTerminal(run.view.status);
  });
  return ended ? null : id;
}
