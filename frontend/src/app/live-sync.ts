import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "@/client/queries";
import type { Change } from "@/lib/stream/frames";
import type { LiveListener } from "@/lib/stream/live";

/** Changes come in bursts; what they touch is fetched once. */
const COLLECT_MS = 80;

/** Sums change with every call, and are the same to the eye a second later. */
const COLLECT_SUMS_MS = 1000;

const SUMS = [keys.usage, keys.budgets];

/** What another tab may have changed in the moment between two connections. */
const QUICK_TO_CHANGE = [["sessions"], ["session"], ["messages"]] as const;

/** Keeps the REST cache honest: what the channel says changed is fetched again. */
export function syncQueries(client: QueryClient): LiveListener {
  const collected = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sumsTimer: ReturnType<typeof setTimeout> | undefined;

  const flush = (): void => {
    timer = undefined;
    for (const queryKey of collected.values()) void client.invalidateQueries({ queryKey });
    collected.clear();
  };
  const flushSums = (): void => {
    sumsTimer = undefined;
    for (const queryKey of SUMS) void client.invalidateQueries({ queryKey });
  };
  return {
    // What changed while no connection stood was not announced.
    onHello: (lost) => {
      if (lost) void client.invalidateQueries();
      else for (const queryKey of QUICK_TO_CHANGE) void client.invalidateQueries({ queryKey });
    },
    onChanged: (change) => {
      if (change.kind === "session" && change.op === "delete") {
        client.removeQueries({ queryKey: keys.messages(change.id) });
      }
      for (const key of touchedBy(change)) collected.set(JSON.stringify(key), key);
      timer ??= setTimeout(flush, COLLECT_MS);
      if (change.kind === "generation" || change.kind === "session") {
        sumsTimer ??= setTimeout(flushSums, COLLECT_SUMS_MS);
      }
    },
  };
}

function touchedBy({ kind, id, session_id }: Change): QueryKey[] {
  switch (kind) {
    case "session":
      return [keys.sessions, keys.session(id)];
    case "message":
    case "generation":
      return session_id ? [keys.messages(session_id), keys.session(session_id)] : [];
    case "settings":
      return [keys.settings, keys.health, keys.backups];
    case "backup":
      return [keys.backups, keys.health];
    default:
      return [[`${kind}s`]];
  }
}
