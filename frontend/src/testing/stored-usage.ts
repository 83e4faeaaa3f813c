import type { Budget, Totals, UsageRow } from "@/client/api";

/** Sums of no calls. */
export function storedTotals(change: Partial<Totals> = {}): Totals {
  return {
    calls: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    total_tokens: 0,
    cached_tokens: 0,
    reasoning_tokens: 0,
    cost_usd: 0,
    reserved_usd: 0,
    unknown_calls: 0,
    failed_calls: 0,
    error_rate: null,
    first_token_ms: null,
    tokens_per_second: null,
    manual_cost_usd: 0,
    ...change,
  };
}

/** A call that cost a cent. */
export function storedUsageRow(change: Partial<UsageRow> = {}): UsageRow {
  return {
    id: "u1",
    session_id: "s1",
    profile_id: null,
    model_id: null,
    generation_id: "g-answer",
    model: "openai/gpt-5-mini",
    provider: "OpenAI",
    purpose: "chat",
    state: "settled",
    cost_state: "settled",
    source: "call",
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 120,
    cached_tokens: null,
    cache_write_tokens: null,
    reasoning_tokens: null,
    cost_usd: 0.01,
    reserved_usd: 0.05,
    price_version: null,
    token_id: null,
    first_token_ms: 300,
    latency_ms: 900,
    tokens_per_second: null,
    finish_reason: "stop",
    decision: null,
    is_failed: false,
    upstream_id: "gen-1",
    created_at: "2026-01-02T03:04:05.678Z",
    ...change,
  };
}

/** Ten dollars a month for everything, a quarter of it spent. */
export function storedBudget(change: Partial<Budget> = {}): Budget {
  return {
    id: "b1",
    kind: "all",
    of: null,
    period: "month",
    limit_usd: 10,
    warn_at: 0.8,
    hard: true,
    name: null,
    state: "ok",
    spent_usd: 2.5,
    reserved_usd: 0,
    remaining_usd: 7.5,
    from: "2026-01-01",
    to: "2026-01-31",
    created_at: "2026-01-01T00:00:00.000Z",
    revision: 1,
    ...change,
  };
}
