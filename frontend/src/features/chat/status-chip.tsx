import type { Status } from "@/client/api";
import { STATUS_TEXTS } from "./status-texts";

/** One word for an answer that is not whole. */
export function StatusChip({ status }: { status: Status }) {
  const text = STATUS_TEXTS[status];
  if (!text) return null;
  return <Chip>{text}</Chip>;
}

export function Chip({ children }: { children: string }) {
  return (
    <span className="mr-2 inline-block rounded-full bg-warn-soft px-2 py-0.5 text-xs font-medium text-warn">
      {children}
    </span>
  );
}
