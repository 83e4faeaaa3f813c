import type { Budget } from "@/client/api";
import { formatShare } from "@/lib/format";

const FILL: Record<Budget["state"], string> = {
  ok: "fill-chart-1",
  warned: "fill-warn",
  exceeded: "fill-danger",
};

/** How much is spent, and lighter, how much is held for calls under way; a mark where it warns. */
export function BudgetBar({ budget }: { budget: Budget }) {
  const { limit_usd, spent_usd, reserved_usd, warn_at, state } = budget;
  const spent = shareOf(spent_usd, limit_usd);
  const held = Math.min(shareOf(reserved_usd, limit_usd), 1 - spent);
  return (
    <svg
      role="img"
      aria-label={`${formatShare(spent)} spent`}
      viewBox="0 0 1 1"
      preserveAspectRatio="none"
      className="h-2 w-full rounded-full"
    >
      <rect width={1} height={1} className="fill-hover" />
      <rect width={spent} height={1} className={FILL[state]} />
      <rect x={spent} width={held} height={1} className={`opacity-40 ${FILL[state]}`} />
      {warn_at !== null && warn_at < 1 && (
        <rect x={warn_at} width={0.003} height={1} className="fill-ink-3" />
      )}
    </svg>
  );
}

function shareOf(part_usd: number, limit_usd: number): number {
  if (limit_usd <= 0) return 1;
  return Math.max(0, Math.min(1, part_usd / limit_usd));
}
