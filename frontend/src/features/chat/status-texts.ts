import type { Status } from "@/client/api";

/** What an answer's state is called. A running or complete answer needs no word. */
export const STATUS_TEXTS: Partial<Record<Status, string>> = {
  stopping: "Stopping",
  stopped: "Stopped",
  failed: "Failed",
  truncated: "Cut off",
  interrupted: "Interrupted",
};
