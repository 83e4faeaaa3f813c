import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { Credits, Drift, Page, Ticket } from "./api";
import { type Query, apiUrl, request } from "./http";
import { keys } from "./queries";

/** Sums of calls. Rows that were entered by hand are in `manual_cost_usd` and in no other figure. */
export interface Totals {
  calls: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cached_tokens: number;
  reasoning_tokens: number;
  cost_usd: number;
  reserved_usd: number;
  unknown_calls: number;
  failed_calls: number;
  /** 0 to 1. */
  error_rate: number | null;
  first_token_ms: number | null;
  tokens_per_second: number | null;
  manual_cost_usd: number;
}

export interface UsageSummary {
  from: string;
  to: string;
  tz: string;
  totals: Totals;
  by_model: (Totals & { model: string })[];
  by_profile: (Totals & { profile_id: number | null; name: string | null })[];
  by_provider: (Totals & { provider: string | null })[];
  by_purpose: (Totals & { purpose: string })[];
}

export type Unit = "day" | "week" | "month";

export interface TimelineItem extends Totals {
  /** The first day of it. */
  start: string;
  parts?: (Totals & { key: string | null })[];
}

export interface Timeline {
  from: string;
  to: string;
  tz: string;
  unit: Unit;
  items: TimelineItem[];
}

export interface UsageRow {
  id: string;
  session_id: string | null;
  profile_id: number | null;
  model: string;
  provider: string | null;
  purpose: string;
  state: "reserved" | "settled" | "reconciled" | "estimated" | "unknown";
  source: "call" | "manual";
  total_tokens: number | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  cost_usd: number | null;
  reserved_usd: number | null;
  first_token_ms: number | null;
  latency_ms: number | null;
  upstream_id: string | null;
  created_at: string;
}

/** What a session cost since it began. */
export interface SessionCost {
  session_id: string;
  title: string;
  created_at: string;
  updated_at: string;
  totals: {
    messages: number;
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    cost_usd: number;
    unknown_calls: number;
  };
}

export interface UsageOfSession {
  session_id: string;
  totals: Totals;
  /** The path that is shown, without the other versions. */
  branch?: Totals | null;
  by_model: (Totals & { model: string })[];
}

/** Days of the owner, both counted. */
export interface Span {
  from: string;
  to: string;
}

export function summaryQuery(span: Span) {
  return queryOptions({
    queryKey: [...keys.usage, "summary", span],
    queryFn: ({ signal }) => request<UsageSummary>("GET", "/api/usage/summary", ask(signal, span)),
    placeholderData: keepPreviousData,
  });
}

/** Sums of days, weeks or months, each split by model. */
export function timelineQuery(span: Span, unit: Unit) {
  const query = { ...span, unit, by: "model" };
  return queryOptions({
    queryKey: [...keys.usage, "timeline", query],
    queryFn: ({ signal }) => request<Timeline>("GET", "/api/usage/timeline", ask(signal, query)),
    placeholderData: keepPreviousData,
  });
}

/** The sessions there are, the dearest since they began first, page by page. */
export const sessionCostsQuery = infiniteQueryOptions({
  queryKey: [...keys.usage, "sessions"],
  queryFn: ({ signal, pageParam }) =>
    request<Page<SessionCost>>(
      "GET",
      "/api/usage/sessions",
      ask(signal, { limit: 20, cursor: pageParam }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

/** One row per paid call, newest first, page by page. */
export function usageRowsQuery(query: Query) {
  return infiniteQueryOptions({
    queryKey: [...keys.usage, "rows", query],
    queryFn: ({ signal, pageParam }) =>
      request<Page<UsageRow> & { total?: number | null }>(
        "GET",
        "/api/usage",
        ask(signal, { ...query, limit: 50, cursor: pageParam, count: pageParam ? null : 1 }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
}

export function sessionUsageQuery(session_id: string) {
  return queryOptions({
    queryKey: [...keys.usage, "session", session_id],
    queryFn: ({ signal }) =>
      request<UsageOfSession>("GET", `/api/usage/sessions/${encodeURIComponent(session_id)}`, {
        signal,
      }),
    staleTime: 0,
  });
}

/** What is left at the provider. Throws `ApiError` where it does not tell, or not this key. */
export const creditsQuery = queryOptions({
  queryKey: [...keys.usage, "credits"],
  queryFn: ({ signal }) => request<Credits>("GET", "/api/usage/credits", { signal }),
  retry: false,
});

/** Where the provider's book differs from ours. Throws `ApiError` where it has none, or none for this key. */
export function driftQuery(span: Span) {
  return queryOptions({
    queryKey: [...keys.usage, "drift", span],
    queryFn: ({ signal }) => request<Drift>("GET", "/api/usage/drift", ask(signal, span)),
    retry: false,
  });
}

/** What the owner says of a call whose cost nobody else can tell. */
export type Decision = { cost_usd: string } | { write_off: true };

export function decide(id: string, decision: Decision): Promise<UsageRow> {
  return request<UsageRow>("POST", `/api/usage/${encodeURIComponent(id)}/decision`, {
    body: decision,
  });
}

/** An address that hands all rows of a query to whoever opens it, once and within half a minute. */
export async function exportAddress(query: Query, format: "csv" | "jsonl"): Promise<string> {
  const path = "/api/usage/export";
  const { ticket } = await request<Ticket>("POST", "/api/admin/tickets", { body: { path } });
  return apiUrl(path, { ...query, format, ticket });
}

function ask(signal: AbortSignal, query: Query | Span): { signal: AbortSignal; query: Query } {
  return { signal, query: { ...query } };
}
