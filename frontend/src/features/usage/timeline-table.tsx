import { formatCount, formatUsd } from "@/lib/format";
import type { Bar } from "./stack";

interface TimelineTableProps {
  bars: readonly Bar[];
  nameOf: (bar: Bar) => string;
}

/** The same as the bars, in figures; what has no call is left out. */
export function TimelineTable({ bars, nameOf }: TimelineTableProps) {
  const used = bars.filter(({ item }) => item.calls > 0);
  return (
    <details className="pt-2 text-sm">
      <summary className="w-fit cursor-pointer rounded-sm text-ink-3 hover:text-ink">
        In figures
      </summary>
      <div className="max-h-96 overflow-y-auto pt-2">
        <table className="w-full tabular-nums">
          <thead>
            <tr className="border-b border-line text-right text-xs text-ink-3 [&_th]:py-1.5 [&_th]:font-normal">
              <th scope="col" className="text-left">
                When
              </th>
              <th scope="col">Cost</th>
              <th scope="col">Calls</th>
              <th scope="col">Tokens</th>
            </tr>
          </thead>
          <tbody>
            {used.map((bar) => (
              <tr key={bar.item.start} className="border-b border-line text-right last:border-b-0">
                <th scope="row" className="py-1.5 text-left font-normal">
                  {nameOf(bar)}
                </th>
                <td>
                  {formatUsd(bar.item.cost_usd)}
                  {bar.item.unknown_calls > 0 && " + ?"}
                </td>
                <td>{formatCount(bar.item.calls)}</td>
                <td>{formatCount(bar.item.total_tokens)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {used.length === 0 && <p className="py-2 text-ink-3">No call in these days.</p>}
      </div>
    </details>
  );
}
