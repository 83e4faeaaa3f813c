import { Link } from "@tanstack/react-router";
import type { Totals } from "@/client/api";
import { formatCount, formatDuration, formatRate, formatShare, formatUsd } from "@/lib/format";
import { MEASURE } from "./measures";
import { ShareBar } from "./share-bar";
import type { Measure, UsageSearch } from "./search";

export interface BreakdownRow {
  key: string;
  label: string;
  totals: Totals;
  /** What narrows the list of calls to these; null where nothing does. */
  filter: UsageSearch | null;
}

interface BreakdownTableProps {
  name: string;
  rows: readonly BreakdownRow[];
  search: UsageSearch;
  measure: Measure;
}

const WIDE_ONLY = "hidden sm:table-cell";

/** The most first. Each row leads to its calls. */
export function BreakdownTable({ name, rows, search, measure }: BreakdownTableProps) {
  const { of } = MEASURE[measure];
  const total = rows.reduce((sum, { totals }) => sum + of(totals), 0);
  const most = Math.max(0, ...rows.map(({ totals }) => of(totals)));
  const shown = rows.toSorted((left, right) => of(right.totals) - of(left.totals));
  if (rows.length === 0) return <p className="py-3 text-sm text-ink-3">No call in these days.</p>;
  return (
    <table className="w-full table-fixed text-sm tabular-nums">
      <caption className="sr-only">{name}</caption>
      <thead>
        <tr className="border-b border-line text-right text-xs text-ink-3 [&_th]:py-1.5 [&_th]:font-normal">
          <th scope="col" className="text-left">
            {name}
          </th>
          <th scope="col" className="w-24 sm:w-28">
            Cost
          </th>
          <th scope="col" className="w-12 sm:w-14">
            Share
          </th>
          <th scope="col" className={`w-16 ${WIDE_ONLY}`}>
            Calls
          </th>
          <th scope="col" className={`w-24 ${WIDE_ONLY}`}>
            Tokens
          </th>
          <th scope="col" className="hidden w-20 md:table-cell">
            First token
          </th>
          <th scope="col" className="hidden w-24 lg:table-cell">
            Speed
          </th>
          <th scope="col" className={`w-16 ${WIDE_ONLY}`}>
            Failed
          </th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ key, label, totals, filter }) => (
          <tr key={key} className="border-b border-line text-right last:border-b-0">
            <th scope="row" className="py-1.5 pr-3 text-left font-normal">
              <span className="flex min-w-0 items-center gap-1">
                {filter ? (
                  <Link
                    to="/app/usage"
                    search={{ ...search, ...filter, view: "calls" }}
                    title={label}
                    className="min-w-0 rounded-sm wrap-anywhere hover:underline sm:truncate"
                  >
                    {label}
                  </Link>
                ) : (
                  <span className="truncate text-ink-2">{label}</span>
                )}
              </span>
              <ShareBar share={most > 0 ? of(totals) / most : 0} />
            </th>
            <td className="truncate" title={formatUsd(totals.cost_usd)}>
              {MEASURE.cost.short(totals.cost_usd)}
              {totals.unknown_calls > 0 && <span title="Some are of unknown cost"> + ?</span>}
            </td>
            <td className="text-ink-2">{formatShare(total > 0 ? of(totals) / total : null)}</td>
            <td className={`text-ink-2 ${WIDE_ONLY}`}>{formatCount(totals.calls)}</td>
            <td className={`text-ink-2 ${WIDE_ONLY}`} title={formatCount(totals.total_tokens)}>
              {MEASURE.tokens.short(totals.total_tokens)}
            </td>
            <td className="hidden text-ink-2 md:table-cell">
              {formatDuration(totals.first_token_ms)}
            </td>
            <td className="hidden text-ink-2 lg:table-cell">
              {formatRate(totals.tokens_per_second)}
            </td>
            <td
              className={`${WIDE_ONLY} ${totals.failed_calls > 0 ? "text-danger" : "text-ink-2"}`}
            >
              {formatShare(totals.error_rate)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
