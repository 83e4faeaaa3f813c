import { Link } from "@tanstack/react-router";
import type { UsageSummary } from "@/client/api";
import { SkeletonRows } from "@/components/skeleton-rows";
import { type BreakdownRow, BreakdownTable } from "./breakdown-table";
import { NOT_KNOWN, purposeName } from "./names";
import { SessionCosts } from "./session-costs";
import { type Measure, SPLITS, type Split, type UsageSearch } from "./search";

const SPLIT_NAMES: Record<Split, string> = {
  model: "Models",
  session: "Chats",
  purpose: "Purposes",
  provider: "Providers",
  profile: "Profiles",
};

interface BreakdownProps {
  summary: UsageSummary | undefined;
  search: UsageSearch;
  measure: Measure;
}

/** What it went to, the most first. Each row leads to its calls. */
export function Breakdown({ summary, search, measure }: BreakdownProps) {
  const split = search.split ?? "model";
  return (
    <section aria-label="What it went to">
      <nav
        aria-label="Split by"
        className="-ml-2 flex flex-wrap gap-y-1 pb-2 sm:-ml-2.5 sm:gap-x-1"
      >
        {SPLITS.map((name) => (
          <Link
            key={name}
            to="/app/usage"
            search={{ ...search, split: name === "model" ? undefined : name }}
            replace
            resetScroll={false}
            aria-current={name === split}
            className={`inline-flex min-h-8 items-center rounded-md px-2 text-sm sm:px-2.5 pointer-coarse:min-h-10 ${
              name === split
                ? "bg-hover font-medium text-ink"
                : "text-ink-2 hover:bg-hover hover:text-ink"
            }`}
          >
            {SPLIT_NAMES[name]}
          </Link>
        ))}
      </nav>
      {split === "session" ? (
        <SessionCosts />
      ) : summary ? (
        <BreakdownTable
          name={SPLIT_NAMES[split]}
          rows={rowsOf(summary, split)}
          search={search}
          measure={measure}
        />
      ) : (
        <SkeletonRows rows={4} className="h-9" />
      )}
    </section>
  );
}

function rowsOf(summary: UsageSummary, split: Exclude<Split, "session">): BreakdownRow[] {
  switch (split) {
    case "model":
      return summary.by_model.map((totals) => ({
        key: totals.model,
        label: totals.model,
        totals,
        filter: { model: totals.model },
      }));
    case "purpose":
      return summary.by_purpose.map((totals) => ({
        key: totals.purpose,
        label: purposeName(totals.purpose),
        totals,
        filter: { purpose: totals.purpose },
      }));
    case "provider":
      return summary.by_provider.map((totals) => ({
        key: totals.provider ?? "",
        label: totals.provider ?? NOT_KNOWN,
        totals,
        filter: totals.provider === null ? null : { provider: totals.provider },
      }));
    case "profile":
      return summary.by_profile.map((totals) => ({
        key: String(totals.profile_id),
        label: totals.profile_id === null ? "No profile" : (totals.name ?? "A deleted profile"),
        totals,
        filter: totals.profile_id === null ? null : { profile_id: totals.profile_id },
      }));
  }
}
