import type { Unit } from "@/client/api";
import type { Span } from "@/client/usage";
import type { Query } from "@/client/http";
import { addDays, countDays, firstOfMonth, isDay } from "@/lib/days";

export const VIEWS = ["overview", "calls", "budgets", "provider"] as const;
export type View = (typeof VIEWS)[number];

export const RANGES = ["today", "7d", "30d", "month"] as const;
export type Range = (typeof RANGES)[number];

export const MEASURES = ["cost", "tokens", "calls"] as const;
export type Measure = (typeof MEASURES)[number];

export const SPLITS = ["model", "session", "purpose", "provider", "profile"] as const;
export type Split = (typeof SPLITS)[number];

export const STATES = ["settled", "reconciled", "estimated", "unknown", "reserved"] as const;
export const SOURCES = ["call", "manual"] as const;

/** What the address says of the screen. `from` and `to` go before `range`. */
export interface UsageSearch {
  view?: Exclude<View, "overview"> | undefined;
  range?: Exclude<Range, "30d"> | undefined;
  from?: string | undefined;
  to?: string | undefined;
  measure?: Exclude<Measure, "cost"> | undefined;
  split?: Exclude<Split, "model"> | undefined;
  model?: string | undefined;
  session_id?: string | undefined;
  provider?: string | undefined;
  purpose?: string | undefined;
  profile_id?: number | undefined;
  state?: (typeof STATES)[number] | undefined;
  source?: (typeof SOURCES)[number] | undefined;
  /** US dollars. */
  min_cost?: number | undefined;
  max_cost?: number | undefined;
}

/** What of the address the screen understands; the rest is passed over. */
export function parseUsageSearch(search: Record<string, unknown>): UsageSearch {
  const { view, range, from, to, measure, split, profile_id, state, source } = search;
  return {
    ...(isOf(VIEWS, view) && view !== "overview" ? { view } : {}),
    ...(isOf(RANGES, range) && range !== "30d" ? { range } : {}),
    ...(isDay(from) && isDay(to) && from <= to ? { from, to } : {}),
    ...(isOf(MEASURES, measure) && measure !== "cost" ? { measure } : {}),
    ...(isOf(SPLITS, split) && split !== "model" ? { split } : {}),
    ...text("model", search),
    ...text("session_id", search),
    ...text("provider", search),
    ...text("purpose", search),
    ...(Number.isInteger(profile_id) ? { profile_id: profile_id as number } : {}),
    ...(isOf(STATES, state) ? { state } : {}),
    ...(isOf(SOURCES, source) ? { source } : {}),
    ...amount("min_cost", search),
    ...amount("max_cost", search),
  };
}

function isOf<T extends string>(known: readonly T[], value: unknown): value is T {
  return known.includes(value as T);
}

/** A query such as `4` is read as a number. */
function text<Name extends string>(
  name: Name,
  search: Record<string, unknown>,
): Partial<Record<Name, string>> {
  const value = search[name];
  const isText = (typeof value === "string" && value !== "") || typeof value === "number";
  return isText ? ({ [name]: String(value) } as Partial<Record<Name, string>>) : {};
}

function amount<Name extends string>(
  name: Name,
  search: Record<string, unknown>,
): Partial<Record<Name, number>> {
  const value = search[name];
  const isAmount = typeof value === "number" && Number.isFinite(value) && value > 0;
  return isAmount ? ({ [name]: value } as Partial<Record<Name, number>>) : {};
}

/** The days that are shown. */
export function spanOf({ from, to, range }: UsageSearch, today: string): Span {
  if (from !== undefined && to !== undefined) return { from, to };
  switch (range) {
    case "today":
      return { from: today, to: today };
    case "7d":
      return { from: addDays(today, -6), to: today };
    case "month":
      return { from: firstOfMonth(today), to: today };
    default:
      return { from: addDays(today, -29), to: today };
  }
}

/** Days for up to three months, then weeks, then months: bars that are still told apart. */
export function unitOf({ from, to }: Span): Unit {
  const days = countDays(from, to);
  if (days <= 92) return "day";
  return days <= 540 ? "week" : "month";
}

/** The last day of what begins there. */
export function endOf(start: string, unit: Unit, span: Span): string {
  const next = {
    day: () => addDays(start, 1),
    week: () => addDays(start, 7),
    month: () => firstOfMonth(addDays(firstOfMonth(start), 32)),
  }[unit]();
  const last = addDays(next, -1);
  return last > span.to ? span.to : last;
}

const FILTERS = [
  "model",
  "session_id",
  "provider",
  "purpose",
  "profile_id",
  "state",
  "source",
  "min_cost",
  "max_cost",
] as const;

/** The address without what narrows the list of calls. */
export function withoutFilters(search: UsageSearch): UsageSearch {
  const rest = { ...search };
  for (const name of FILTERS) delete rest[name];
  return rest;
}

export function isFiltered(search: UsageSearch): boolean {
  return FILTERS.some((name) => search[name] !== undefined);
}

/** The calls that are listed, as the API asks for them. */
export function rowsQueryOf(search: UsageSearch, span: Span): Query {
  return { ...span, ...Object.fromEntries(FILTERS.map((name) => [name, search[name]])) };
}
