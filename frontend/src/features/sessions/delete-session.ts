import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { create } from "zustand";
import type { Session } from "@/client/api";
import { request } from "@/client/http";
import { keys } from "@/client/queries";
import { toasts } from "@/components/toasts";

/** Sessions that are gone from the list but may still be taken back. */
export const usePendingDeletes = create<{ ids: ReadonlySet<string> }>()(() => ({ ids: new Set() }));

/** Hides the session at once and deletes it when the toast with its Undo is gone. */
export function useDeleteSession(): (session: Session) => void {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { sessionId } = useParams({ strict: false });
  return (session) => {
    mark(session.id, true);
    if (sessionId === session.id) void navigate({ to: "/" });
    let undone = false;
    const toast = toasts.add({
      title: `Deleted “${session.title || "New chat"}”`,
      actionProps: {
        children: "Undo",
        onClick: () => {
          undone = true;
          toasts.close(toast);
        },
      },
      onClose: () => {
        if (undone) mark(session.id, false);
        else void commit(client, session);
      },
    });
  };
}

async function commit(client: QueryClient, session: Session): Promise<void> {
  try {
    await request("DELETE", `/api/sessions/${session.id}`);
  } catch (error) {
    toasts.add({
      title: `“${session.title || "New chat"}” was not deleted`,
      description: error instanceof Error ? error.message : undefined,
      priority: "high",
    });
  }
  await client.invalidateQueries({ queryKey: keys.sessions });
  mark(session.id, false);
}

function mark(id: string, deleting: boolean): void {
  usePendingDeletes.setState(({ ids }) => {
    const next = new Set(ids);
    if (deleting) next.add(id);
    else next.delete(id);
    return { ids: next };
  });
}
