import { queryOptions } from "@tanstack/react-query";
import type { ModelDetail } from "./api";
import { request } from "./http";
import { keys } from "./queries";
import { followSteps } from "./steps";

export interface SyncStep {
  phase: "fetching" | "storing" | "done";
  /** How many models the provider listed, once it has. */
  models: number | null;
}

/** One model, on offer or not any more, with who serves it. */
export function modelQuery(id: string) {
  const path = id.split("/").map(encodeURIComponent).join("/");
  return queryOptions({
    queryKey: [...keys.models, "one", id],
    queryFn: ({ signal }) => request<ModelDetail>("GET", `/api/models/${path}`, { signal }),
  });
}

/**
 * Takes the provider's current list, telling each step. Answers how many models there are.
 * Throws as `followSteps` does.
 */
export async function syncModels(onStep: (step: SyncStep) => void): Promise<number> {
  let models = 0;
  await followSteps<SyncStep>("/api/models/sync", (step) => {
    models = step.models ?? models;
    onStep(step);
  });
  return models;
}
