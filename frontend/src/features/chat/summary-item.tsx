import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import type { Compaction } from "@/client/api";
import { keys } from "@/client/queries";
import { deleteCompaction } from "@/client/sessions";
import { IconButton } from "@/components/icon-button";
import { toasts } from "@/components/toasts";
import { formatUsd, plural } from "@/lib/format";
import { Markdown } from "@/lib/markdown/markdown";

/** What the model is told in place of older messages. */
export function SummaryItem({ compaction }: { compaction: Compaction }) {
  const client = useQueryClient();
  const { session_id, summary, message_count, model, cost_usd, created_at } = compaction;
  const remove = useMutation({
    mutationFn: () => deleteCompaction(compaction),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.compactions(session_id) }),
    onError: (error) =>
      void toasts.add({
        title: "The summary was not removed",
        description: error.message,
        priority: "high",
      }),
  });
  return (
    <li className="rounded-lg border border-line bg-raised px-4 py-3">
      <div className="flex items-start gap-2">
        <p className="min-w-0 flex-1 text-xs wrap-anywhere text-ink-3">
          {plural(message_count, "message")} · {model} · {formatUsd(cost_usd)} ·{" "}
          {new Date(created_at).toLocaleString(undefined, {
            dateStyle: "medium",
            timeStyle: "short",
          })}
        </p>
        <IconButton
          label="Remove this summary"
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
          className="-mt-1.5 -mr-2"
        >
          <Trash2 aria-hidden />
        </IconButton>
      </div>
      <div className="text-sm">
        <Markdown text={summary} />
      </div>
    </li>
  );
}
