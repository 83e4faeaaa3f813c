import { EventDecoder } from "@/lib/stream/decoder";
import { ApiError, UnreachableError, respond } from "./http";

/**
 * Starts long work and tells each of its steps; resolves at its end.
 * Throws `ApiError` when it is refused or fails on the way, `UnreachableError` when the stream breaks off.
 */
export async function followSteps<T>(path: string, onStep: (step: T) => void): Promise<void> {
  const response = await respond("POST", path, { accept: "text/event-stream" });
  const decoder = new EventDecoder();
  for await (const bytes of chunksOf(response)) {
    for (const { event, data } of decoder.push(bytes)) {
      // The stream had begun with 200 when it failed, so the error's own code says what it is.
      if (event === "error") throw new ApiError(response.status, JSON.parse(data));
      if (event === "done") return;
      if (event === "progress") onStep(JSON.parse(data) as T);
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
