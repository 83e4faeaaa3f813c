import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { type Span, timelineQuery } from "@/client/usage";
import { Button } from "@/components/button";
import { ErrorNote } from "@/components/error-note";
import { formatDay, formatMonth } from "@/lib/days";
import { plural } from "@/lib/format";
import { Bars, FILLS } from "./bars";
import { MEASURE } from "./measures";
import { type Measure, endOf, unitOf } from "./search";
import { type Bar, OTHERS, type Stack, stackOf } from "./stack";
import { TimelineTable } from "./timeline-table";

interface TimelineChartProps {
  span: Span;
  today: string;
  measure: Measure;
}

/** What was spent or used over time, stacked by model; one bar is read at a time. */
export function TimelineChart({ span, today, measure }: TimelineChartProps) {
  const unit = unitOf(span);
  const query = useQuery(timelineQuery(span, unit));
  const { of, short, exact } = MEASURE[measure];
  const stack = useMemo(() => (query.data ? stackOf(query.data, of) : null), [query.data, of]);
  const [picked, setPicked] = useState<{ of: Stack; index: number } | null>(null);
  // What was picked in another chart says nothing of this one.
  const selected = picked !== null && picked.of === stack ? picked.index : null;

  if (query.isError && query.data === undefined) {
    return (
      <ErrorNote title="The course of time could not be loaded" error={query.error}>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </ErrorNote>
    );
  }
  const drawn = query.data;
  const nameOf = ({ item }: Bar): string => {
    if (drawn?.unit === "month") return formatMonth(item.start);
    const day = formatDay(item.start, today);
    return drawn?.unit === "week" ? `Week of ${day}` : day;
  };
  const bars = stack?.bars ?? [];
  const bar = selected === null ? undefined : bars[selected];
  return (
    <figure aria-label={`${MEASURE[measure].label} over time`}>
      <div className="grid gap-x-8 gap-y-4 lg:grid-cols-[minmax(0,1fr)_15rem]">
        <div>
          <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3">
            <Scale top={stack ? short(stack.top) : ""} half={stack ? short(stack.top / 2) : ""} />
            <div className="relative h-52 border-b border-line-strong">
              <span className="absolute inset-x-0 top-0 border-t border-line" />
              <span className="absolute inset-x-0 top-1/2 border-t border-line" />
              {stack && bars.length > 0 && (
                <Bars
                  bars={bars}
                  top={stack.top}
                  fills={fillsOf(stack)}
                  label={`${MEASURE[measure].label} by ${drawn?.unit ?? "day"}`}
                  describe={(read) =>
                    `${nameOf(read)}: ${exact(read.total)}, ${plural(read.item.calls, "call")}`
                  }
                  selected={selected}
                  onSelect={(index) => setPicked(index === null ? null : { of: stack, index })}
                />
              )}
            </div>
            <span />
            <Ends bars={bars} nameOf={nameOf} />
          </div>
        </div>
        <Legend
          stack={stack}
          bar={bar}
          short={short}
          exact={exact}
          title={bar ? nameOf(bar) : "All of it"}
        >
          {bar && drawn && (
            <Link
              to="/app/usage"
              search={{
                view: "calls",
                from: bar.item.start < span.from ? span.from : bar.item.start,
                to: endOf(bar.item.start, drawn.unit, span),
              }}
              className="rounded-sm text-accent underline underline-offset-2"
            >
              {plural(bar.item.calls, "call")}
            </Link>
          )}
        </Legend>
      </div>
      {drawn && <TimelineTable bars={bars} nameOf={nameOf} />}
    </figure>
  );
}

function Scale({ top, half }: { top: string; half: string }) {
  return (
    <div
      aria-hidden
      className="flex h-52 min-w-10 flex-col justify-between text-right text-xs leading-none text-ink-3 tabular-nums"
    >
      <span className="-mt-1.5">{top}</span>
      <span>{half}</span>
      <span className="-mb-1.5">0</span>
    </div>
  );
}

/** The first bar, one in the middle and the last one, by name. */
function Ends({ bars, nameOf }: { bars: readonly Bar[]; nameOf: (bar: Bar) => string }) {
  const places = bars.length > 2 ? [0, Math.floor((bars.length - 1) / 2), bars.length - 1] : [0, 1];
  return (
    <div aria-hidden className="flex min-h-[1lh] justify-between pt-1 text-xs text-ink-3">
      {places.map((place) => {
        const bar = bars[place];
        return bar && <span key={place}>{nameOf(bar)}</span>;
      })}
    </div>
  );
}

/** The colour of each series; the last one is that of the others. */
function fillsOf({ series }: Stack): string[] {
  const fills = series.map(({ key }, index) => fillOf(key, index));
  return [...fills, "fill-chart-other"];
}

function fillOf(key: unknown, index: number): string {
  return (key === OTHERS ? undefined : FILLS[index]) ?? "fill-chart-other";
}

interface LegendProps {
  stack: Stack | null;
  /** The bar that is read; all of them together when there is none. */
  bar: Bar | undefined;
  title: string;
  short: (value: number) => string;
  exact: (value: number) => string;
  children: React.ReactNode;
}

/** What the colours are, and the figures of what is read. Its size does not depend on what that is. */
function Legend({ stack, bar, title, short, exact, children }: LegendProps) {
  const total = stack?.bars.reduce((sum, read) => sum + read.total, 0) ?? 0;
  const figure = bar ? bar.total : total;
  return (
    <div className="min-h-52 text-sm">
      <p className="flex items-baseline justify-between gap-3 border-b border-line pb-1.5">
        <span className="font-medium">{title}</span>
        <span className="flex gap-3">
          {children}
          <span className="tabular-nums" title={exact(figure)}>
            {stack && short(figure)}
          </span>
        </span>
      </p>
      <ul className="flex flex-col pt-1">
        {stack?.series.map(({ key, total: sum }, index) => {
          const value = bar ? (bar.values[index] ?? 0) : sum;
          return (
            <li key={String(key)} className="flex min-h-7 items-center gap-2.5">
              <svg aria-hidden viewBox="0 0 1 1" className="size-2.5 flex-none rounded-[2px]">
                <rect width="1" height="1" className={fillOf(key, index)} />
              </svg>
              <span className="min-w-0 flex-1 truncate text-ink-2" title={labelOf(key)}>
                {labelOf(key)}
              </span>
              <span
                className={`tabular-nums ${value === 0 ? "text-ink-3" : ""}`}
                title={exact(value)}
              >
                {short(value)}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function labelOf(key: Stack["series"][number]["key"]): string {
  if (key === OTHERS) return "Others";
  return key === null ? "Not known" : String(key);
}
