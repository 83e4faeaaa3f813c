import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { type Span, usageRowsQuery } from "@/client/usage";
import { Button, buttonClass } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { SkeletonRows } from "@/components/skeleton-rows";
import { plural } from "@/lib/format";
import { CallFilters } from "./call-filters";
import { CallRow } from "./call-row";
import { EntryForm } from "./entry-form";
import { ExportButtons } from "./export-buttons";
import { type UsageSearch, isFiltered, rowsQueryOf } from "./search";

interface CallsProps {
  span: Span;
  search: UsageSearch;
  onChange: (change: UsageSearch) => void;
}

/** One row per paid call, narrowed by the filters, to read, to decide and to take along. */
export function Calls({ span, search, onChange }: CallsProps) {
  const asked = useMemo(() => rowsQueryOf(search, span), [search, span]);
  const query = useInfiniteQuery(usageRowsQuery(asked));
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const total = query.data?.pages[0]?.total;
  const [isAdding, setAdding] = useState(false);
  const add = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setAdding(false);
    add.current?.focus();
  };
  return (
    <section aria-label="Calls" className="flex flex-col gap-4">
      <CallFilters span={span} search={search} onChange={onChange} />
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-3">
        <p aria-live="polite" className="text-sm text-ink-2">
          {typeof total === "number" && countOf(total, search)}
        </p>
        <div className="flex flex-wrap items-center gap-2">
          <button
            ref={add}
            type="button"
            aria-expanded={isAdding}
            onClick={() => setAdding(!isAdding)}
            className={`${buttonClass()} pointer-coarse:min-h-10`}
          >
            <Plus aria-hidden />
            Enter by hand
          </button>
          <ExportButtons query={asked} disabled={rows.length === 0} />
        </div>
      </div>
      {isAdding && <EntryForm onDone={close} />}
      {query.isPending && <SkeletonRows rows={8} className="h-12" />}
      {query.isError && query.data === undefined && (
        <ErrorNote title="The calls could not be listed" error={query.error}>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </ErrorNote>
      )}
      {query.isSuccess && rows.length === 0 && (
        <p className="text-sm text-ink-3">
          {isFiltered(search) ? "No call of these days matches." : "No call in these days."}
        </p>
      )}
      {rows.length > 0 && (
        <ul aria-label="Calls" className="flex flex-col">
          {rows.map((row) => (
            <CallRow key={row.id} row={row} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button
          className="self-start"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  );
}

/** What was entered by hand is listed with the calls, and is none. */
function countOf(total: number, { source }: UsageSearch): string {
  return source === "call" ? plural(total, "call") : plural(total, "entry", "entries");
}
