import { queryOptions } from "@tanstack/react-query";
import { EventDecoder } from "@/lib/stream/decoder";
import type { ModelDetail } from "./api";
import { ApiError, UnreachableError, request, respond } from "./http";
import { keys } from "./queries";

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
 * Throws `ApiError` when the provider or the console refuses, `UnreachableError` when the stream breaks off.
 */
export async function syncModels(onStep: (step: SyncStep) => void): Promise<number> {
  const response = await respond("POST", "/api/models/sync", { accept: "text/event-stream" });
  const decoder = new EventDecoder();
  let models = 0;
  for await (const bytes of chunksOf(response)) {
    for (const { event, data } of decoder.push(bytes)) {
      // The stream had begun with 200 when it failed, so the error's own code says what it is.
      if (event === "error") throw new ApiError(response.status, JSON.parse(data));
      if (event === "done") return models;
      if (event !== "progress") continue;
      const step = JSON.parse(data) as SyncStep;
      models = step.models ?? models;
      onStep(step);
    }
  }
  throw new UnreachableError("The console broke off in the middle.");
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw new UnreachableError("The console does not answer.", { cause: error });
  } finally {
    await reader.cancel().catch(() => {});
  }
}
