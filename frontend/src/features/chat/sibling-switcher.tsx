import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Message, Session } from "@/client/api";
import { request } from "@/client/http";
import { keys } from "@/client/queries";
import { patchSession } from "@/client/sessions";
import { IconButton } from "@/components/icon-button";
import { toasts } from "@/components/toasts";

/** "2 / 3": the other versions of a message. Nothing that was replaced is lost. */
export function SiblingSwitcher({ message }: { message: Message }) {
  const client = useQueryClient();
  const show = useMutation({
    mutationFn: async (active_leaf_id: string) => {
      const session = await request<Session>("GET", `/api/sessions/${message.session_id}`);
      return patchSession(session, { active_leaf_id });
    },
    onSuccess: (session) => {
      client.setQueryData(keys.session(session.id), session);
      return client.invalidateQueries({ queryKey: keys.messages(session.id) });
    },
    onError: (error) =>
      void toasts.add({
        title: "The other version could not be shown",
        description: error.message,
        priority: "high",
      }),
  });
  const { siblings } = message;
  if (siblings.length < 2) return null;
  const index = siblings.indexOf(message.id);
  const previous = siblings[index - 1];
  const next = siblings[index + 1];
  return (
    <div role="group" aria-label="Versions" className="mr-2 flex items-center text-xs text-ink-3">
      <IconButton
        label="Previous version"
        disabled={previous === undefined || show.isPending}
        onClick={() => previous !== undefined && show.mutate(previous)}
      >
        <ChevronLeft aria-hidden />
      </IconButton>
      <span className="px-1.5 whitespace-nowrap tabular-nums">
        {index + 1} / {siblings.length}
      </span>
      <IconButton
        label="Next version"
        disabled={next === undefined || show.isPending}
        onClick={() => next !== undefined && show.mutate(next)}
      >
        <ChevronRight aria-hidden />
      </IconButton>
    </div>
  );
}
