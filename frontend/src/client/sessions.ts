import type { Compaction, Message, Session } from "./api";
import { ApiError, request } from "./http";

export type SessionChange = Partial<
  Pick<Session, "title" | "pinned" | "model" | "profile_id" | "active_leaf_id">
>;

/**
 * Changes some fields of a session. When somebody changed another one in the meantime, the change is
 * made on top of that: the fields are independent, so nothing of theirs is lost.
 */
export async function patchSession(session: Session, change: SessionChange): Promise<Session> {
  const patch = (revision: number): Promise<Session> =>
    request<Session>("PATCH", `/api/sessions/${session.id}`, { body: { ...change, revision } });
  try {
    return await patch(session.revision);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "stale") throw error;
    const current = await request<Session>("GET", `/api/sessions/${session.id}`);
    return patch(current.revision);
  }
}

interface CompactionBody {
  model: string | null;
  /** The newest turns, which stay as they are. */
  keep_turns: number;
  request_id: string;
}

/** Has a model summarise the older turns: one paid call. */
export function compactSession(session_id: string, body: CompactionBody): Promise<Compaction> {
  return request<Compaction>("POST", `/api/sessions/${session_id}/compact`, { body });
}

/** The messages that the summary stood for are sent themselves again. */
export function deleteCompaction({ session_id, id }: Compaction): Promise<void> {
  return request<void>("DELETE", `/api/sessions/${session_id}/compactions/${id}`);
}

/** A pinned message's turn is never left out of what a model is sent. */
export function pinMessage(id: string, pinned: boolean): Promise<Message> {
  return request<Message>("PATCH", `/api/messages/${id}`, { body: { pinned } });
}
