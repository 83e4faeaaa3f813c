import type { Session } from "./api";
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
