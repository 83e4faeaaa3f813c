import { ApiError, request } from "@/client/http";

/** Browsers let a call outlive its page only when its body is below 64 KiB. */
const KEEPALIVE_CHARACTERS = 15_000;

/** Keeps a part of a draft with its conversation. Whether it needs no further try: it is kept, or the conversation is gone. */
export async function storeDraft(
  sessionId: string,
  change: { text: string } | { parts: readonly object[] },
): Promise<boolean> {
  const keepalive = JSON.stringify(change).length < KEEPALIVE_CHARACTERS;
  try {
    await request("PATCH", `/api/sessions/${sessionId}/draft`, { body: change, keepalive });
    return true;
  } catch (error) {
    return error instanceof ApiError && error.status === 404;
  }
}
