import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type {
  Credits,
  Drift,
  Page,
  SessionCost,
  SessionUsage,
  Ticket,
  Timeline,
  UsageEntry,
  UsageRow,
  UsageSummary,
} from "./api";
import { type Query, apiUrl, request } from "./http";
import { keys } from "./queries";

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
export function timelineQuery(span: Span, unit: Timeline["unit"]) {
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
      request<SessionUsage>("GET", `/api/usage/sessions/${encodeURIComponent(session_id)}`, {
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

/** Takes down what was spent elsewhere. Without a cost it is estimated at the catalogue's prices. */
export function enterUsage(entry: UsageEntry): Promise<UsageRow> {
  return request<UsageRow>("POST", "/api/usage", { body: entry });
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
