import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { ScreenHeader } from "@/components/screen-header";
import { SkeletonRows } from "@/components/skeleton-rows";
import { Budgets } from "./budgets";
import { Calls } from "./calls";
import { Overview } from "./overview";
import { ProviderBook } from "./provider-book";
import { RangePicker } from "./range-picker";
import {
  type UsageSearch,
  VIEWS,
  type View,
  parseUsageSearch,
  spanOf,
  withoutFilters,
} from "./search";
import { useToday } from "./use-today";

const VIEW_NAMES: Record<View, string> = {
  overview: "Overview",
  calls: "Calls",
  budgets: "Budgets",
  provider: "Provider",
};

/** What was spent, on what, and what may be. Days, filters and the view stand in the address. */
export function UsageScreen() {
  const navigate = useNavigate();
  const inAddress = useSearch({ strict: false });
  const search = useMemo(() => parseUsageSearch(inAddress), [inAddress]);
  const today = useToday();
  const view = search.view ?? "overview";
  const change = (put: UsageSearch): void =>
    void navigate({
      to: "/app/usage",
      search: (before) => parseUsageSearch({ ...before, ...put }),
      replace: true,
      resetScroll: false,
    });
  const span = useMemo(
    () => (today === undefined ? undefined : spanOf(search, today)),
    [search, today],
  );
  return (
    <>
      <ScreenHeader title="Usage" />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-240 flex-col gap-8 px-5 pt-4 pb-16">
          <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-3">
            <Views view={view} search={search} />
            <div className="min-h-9.5">
              {view !== "budgets" && span && today !== undefined && (
                <RangePicker search={search} span={span} today={today} onChange={change} />
              )}
            </div>
          </div>
          {view === "budgets" ? (
            <Budgets />
          ) : span === undefined || today === undefined ? (
            <SkeletonRows rows={4} className="h-20" />
          ) : view === "calls" ? (
            <Calls span={span} search={search} onChange={change} />
          ) : view === "provider" ? (
            <ProviderBook span={span} today={today} />
          ) : (
            <Overview span={span} today={today} search={search} onChange={change} />
          )}
        </div>
      </div>
    </>
  );
}

function Views({ view, search }: { view: View; search: UsageSearch }) {
  return (
    <nav aria-label="Views" className="-ml-2.5 flex">
      {VIEWS.map((name) => (
        <Link
          key={name}
          to="/app/usage"
          search={{ ...withoutFilters(search), view: name === "overview" ? undefined : name }}
          aria-current={name === view ? "page" : undefined}
          className={`relative inline-flex min-h-9.5 items-center rounded-md px-2.5 text-sm pointer-coarse:min-h-11 ${
            name === view
              ? "font-medium text-ink after:absolute after:inset-x-2.5 after:bottom-0 after:h-0.5 after:rounded-full after:bg-accent"
              : "text-ink-2 hover:bg-hover hover:text-ink"
          }`}
        >
          {VIEW_NAMES[name]}
        </Link>
      ))}
    </nav>
  );
}
