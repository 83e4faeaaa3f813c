import type { Status } from "@/client/api";

/** What an answer's state is called. A running or complete answer needs no word. */
export const STATUS_TEXTS: Partial<Record<Status, string>> = {
  stopping: "Stopping",
  stopped: "Stopped",
  failed: "Failed",
  truncated: "Cut off",
  interrupted: "Interrupted",
};

export const STATUS_EXPLANATIONS: Partial<Record<Status, string>> = {
  stopped: "You stopped this answer. What was written is kept.",
  failed: "The provider could not finish this answer.",
  truncated: "The provider closed the connection before the answer was complete.",
  interrupted: "The console was stopped while this answer was being written.",
};
