import { Link } from "@tanstack/react-router";
import type { Budget } from "@/client/api";
import { formatUsdShort } from "@/lib/format";

const PERIODS: Record<Budget["period"], string> = {
  day: "today",
  week: "this week",
  month: "this month",
};

/** That a budget is used up, and what to do; above the composer, because the next message is refused. */
export function RefusingBudget({ budget }: { budget: Budget }) {
  return (
    <p
      role="status"
      className="mb-2 rounded-lg border border-line bg-warn-soft px-4 py-2 text-sm text-ink"
    >
      <span className="font-medium">{nameOf(budget)} is used up</span>: {spentOf(budget)}. Answers
      are refused until it is raised or its time is over.{" "}
      <Link
        to="/app/usage"
        search={{ view: "budgets" }}
        className="font-medium underline underline-offset-2"
      >
        Raise it
      </Link>
    </p>
  );
}

/** That little of a budget is left, in passing. */
export function WarningBudget({ budget }: { budget: Budget }) {
  return (
    <Link
      to="/app/usage"
      search={{ view: "budgets" }}
      className="max-w-full truncate rounded-sm text-warn hover:underline"
    >
      {nameOf(budget)}: {spentOf(budget)}
    </Link>
  );
}

function nameOf({ name, kind }: Budget): string {
  if (name !== null) return `The budget “${name}”`;
  return kind === "all" ? "The budget" : `The budget of this ${KINDS[kind]}`;
}

const KINDS = {
  profile: "profile",
  model: "model",
  session: "chat",
  token: "token",
  purpose: "purpose",
};

function spentOf({ spent_usd, limit_usd, period }: Budget): string {
  return `${formatUsdShort(spent_usd)} of ${formatUsdShort(limit_usd)} spent ${PERIODS[period]}`;
}
