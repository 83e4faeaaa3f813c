import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessageSquare } from "lucide-react";
import { type Span, type UsageSummary, sessionsUsageQuery } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { type BreakdownRow, BreakdownTable } from "./breakdown-table";
import { NOT_KNOWN, purposeName } from "./names";
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
  span: Span;
  search: UsageSearch;
  measure: Measure;
}

/** What it went to, the most first. Each row leads to its calls. */
export function Breakdown({ summary, span, search, measure }: BreakdownProps) {
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
        <Sessions span={span} search={search} measure={measure} />
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

function Sessions({ span, search, measure }: Omit<BreakdownProps, "summary">) {
  const query = useInfiniteQuery(sessionsUsageQuery(span));
  if (query.isPending) return <SkeletonRows rows={4} className="h-9" />;
  if (query.data === undefined) {
    return (
      <ErrorNote title="The chats could not be listed" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  const rows = query.data.pages
    .flatMap(({ items }) => items)
    .map((totals) => ({
      key: totals.session_id,
      label: totals.title === null ? "A deleted chat" : totals.title || "New chat",
      totals,
      filter: { session_id: totals.session_id },
      extra: totals.title !== null && (
        <Link
          to="/app/chat/$sessionId"
          params={{ sessionId: totals.session_id }}
          aria-label={`Open the chat ${totals.title}`}
          className="inline-flex size-7 flex-none items-center justify-center rounded-sm text-ink-3 hover:bg-line hover:text-ink pointer-coarse:size-9"
        >
          <MessageSquare aria-hidden className="size-3.5" />
        </Link>
      ),
    }));
  return (
    <>
      <BreakdownTable name={SPLIT_NAMES.session} rows={rows} search={search} measure={measure} />
      {query.hasNextPage && (
        <Button
          look="quiet"
          className="mt-2"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more chats
        </Button>
      )}
    </>
  );
}
