import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Model, ModelDetail } from "./api";
import { type Query, request } from "./http";
import { everyPage, keys } from "./queries";
import { followSteps } from "./steps";

export interface SyncStep {
  phase: "fetching" | "storing" | "done";
  /** How many models the provider listed, once it has. */
  models: number | null;
}

/** Filters and the order of the list, as the API names them. Prices are US dollars per 1,000,000 tokens. */
export type ModelsQuery = Query;

/**
 * The models that the filters leave, in order. What was shown stays until the next list is there. Throws `ApiError`
 * for an order that the provider does not know.
 */
export function modelListQuery(query: ModelsQuery) {
  return queryOptions({
    queryKey: [...keys.models, "list", query],
    queryFn: ({ signal }) => everyPage<Model>("/api/models", signal, query),
    placeholderData: keepPreviousData,
    staleTime: 10 * 60_000,
    retry: false,
  });
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
