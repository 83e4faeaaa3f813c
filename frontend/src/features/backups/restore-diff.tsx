import { TriangleAlert } from "lucide-react";
import type { RestoreSummary } from "@/client/api";
import { formatCount } from "@/lib/format";
import { byWeight, isKnown, tableName } from "./tables";

/** How many of everything there are now, in the backup, and afterwards; what only the console reads comes folded. */
export function RestoreDiff({ summary }: { summary: RestoreSummary }) {
  const { diff, warnings, source, dry_run } = summary;
  const rows = Object.entries(diff)
    .filter(([, { now, backup, after }]) => now > 0 || backup > 0 || after > 0)
    .toSorted(([left], [right]) => byWeight(left, right));
  const told = rows.filter(([table]) => isKnown(table));
  const own = rows.filter(([table]) => !isKnown(table));
  return (
    <>
      {source.seed_schema && (
        <p className="text-sm text-ink-2">
          A database of the first console: its rows are taken over one by one.
        </p>
      )}
      {warnings.length > 0 && (
        <ul
          aria-label="Warnings"
          className="flex flex-col gap-1.5 rounded-lg border border-line bg-warn-soft px-4 py-3 text-sm"
        >
          {warnings.map((warning) => (
            <li key={warning} className="flex gap-2.5">
              <TriangleAlert aria-hidden className="mt-0.5 size-4 flex-none text-warn" />
              <span className="wrap-anywhere">{warning}</span>
            </li>
          ))}
        </ul>
      )}
      {rows.length === 0 && (
        <p className="text-sm text-ink-2">The backup is empty, and so is the console.</p>
      )}
      {told.length > 0 && (
        <Counts
          caption={dry_run ? "What restoring it would change" : "What restoring it changed"}
          rows={told}
          isDone={!dry_run}
        />
      )}
      {own.length > 0 && (
        <details className="text-sm">
          <summary className="cursor-pointer rounded-sm text-ink-2 hover:text-ink">
            The console’s own bookkeeping
          </summary>
          <div className="pt-2">
            <Counts caption="Rows by table" rows={own} isDone={!dry_run} />
          </div>
        </details>
      )}
    </>
  );
}

interface CountsProps {
  caption: string;
  rows: readonly [table: string, counts: RestoreSummary["diff"][string]][];
  isDone: boolean;
}

function Counts({ caption, rows, isDone }: CountsProps) {
  return (
    <table className="w-full text-sm tabular-nums">
      <caption className="pb-1.5 text-left text-xs text-ink-3">{caption}</caption>
      <thead>
        <tr className="border-b border-line text-right text-xs text-ink-3 [&_th]:py-1.5 [&_th]:font-normal">
          <th scope="col" className="text-left">
            Kind
          </th>
          <th scope="col">{isDone ? "Before" : "Now"}</th>
          <th scope="col">In the backup</th>
          <th scope="col">After</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([table, { now, backup, after }]) => (
          <tr key={table} className="border-b border-line text-right last:border-b-0">
            <th scope="row" className="py-1.5 text-left font-normal first-letter:uppercase">
              {tableName(table)}
            </th>
            <td className="text-ink-2">{formatCount(now)}</td>
            <td className="text-ink-2">{formatCount(backup)}</td>
            <td>{formatCount(after)}</td>
            <td className={after < now ? "text-danger" : "text-ink-2"}>{changeOf(after - now)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function changeOf(by: number): string {
  if (by === 0) return "none";
  return `${by < 0 ? "−" : "+"}${formatCount(Math.abs(by))}`;
}
