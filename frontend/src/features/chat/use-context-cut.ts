import { useQuery } from "@tanstack/react-query";
import type { ContextUse, Message } from "@/client/api";
import { generationQuery } from "@/client/queries";
import { useRuns } from "@/lib/stream/run-store";

/** What the newest answer was not sent as it is, as soon as that is known; null when it was sent everything. */
export function useContextCut(messages: readonly Message[]): ContextUse | null {
  const newest = messages.findLast(({ generation_id }) => generation_id !== null);
  const { data } = useQuery({
    ...generationQuery(newest?.generation_id ?? "", newest?.status ?? "completed"),
    enabled: newest !== undefined,
  });
  const told = useRuns(({ runs }) => runs[newest?.generation_id ?? ""]?.context ?? null);
  const use = told ?? data?.context ?? null;
  return use && (use.dropped_messages > 0 || use.summary_id !== null) ? use : null;
}
