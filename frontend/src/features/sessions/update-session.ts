import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Session } from "@/client/api";
import { keys } from "@/client/queries";
import { patchSession } from "@/client/sessions";
import { toasts } from "@/components/toasts";

interface SessionUpdate {
  session: Session;
  change: Partial<Pick<Session, "title" | "pinned">>;
}

export function useUpdateSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ session, change }: SessionUpdate) => patchSession(session, change),
    onError: (error) =>
      void toasts.add({ title: "Not saved", description: error.message, priority: "high" }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.sessions }),
    onSuccess: (session) => client.setQueryData(keys.session(session.id), session),
  });
}
