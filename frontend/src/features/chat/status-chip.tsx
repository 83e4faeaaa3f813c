import type { Status } from "@/client/api";
import { STATUS_EXPLANATIONS, STATUS_TEXTS } from "./status-texts";

interface StatusChipProps {
  status: Status;
  finishReason: string | null;
}

/** Says why an answer is not whole. A complete one says nothing. */
export function StatusChip({ status, finishReason }: StatusChipProps) {
  const { text, title } = describe(status, finishReason);
  if (!text) return null;
  return (
    <p className="mt-2 text-sm text-ink-3">
      <span className="mr-2 rounded-full bg-warn-soft px-2 py-0.5 text-xs font-medium text-warn">
        {text}
      </span>
      {title}
    </p>
  );
}

function describe(status: Status, finishReason: string | null): { text?: string; title?: string } {
  if (status === "completed" && finishReason === "length") {
    return { text: "Length limit", title: "The answer reached its limit of tokens." };
  }
  const text = STATUS_TEXTS[status];
  const title = STATUS_EXPLANATIONS[status];
  return { ...(text ? { text } : {}), ...(title ? { title } : {}) };
}
