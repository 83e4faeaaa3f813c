import { queryOptions } from "@tanstack/react-query";
import type { NewTurn } from "./api";
import { request } from "./http";

interface Range {
  low: number;
  high: number;
}

/** What a message that was not sent yet would take. Money is US dollars. */
export interface Estimate {
  model: string;
  prompt_tokens: number;
  completion_tokens: Range;
  /** Null where the price is not known; `why_unknown` says why. */
  cost_usd: Range | null;
  why_unknown: string | null;
  basis: {
    prompt: "estimate" | "calibrated";
    completion: "history" | "max_tokens";
    history_calls: number;
  };
  budgets: { id: string; remaining_usd: number; would_refuse: boolean }[];
}

export type EstimateBody = Pick<
  NewTurn,
  "session_id" | "content" | "parts" | "model" | "profile_id"
>;

/** Asks for nothing but arithmetic: nothing is stored or paid. Kept only while it is shown. */
export function estimateQuery(body: EstimateBody) {
  return queryOptions({
    queryKey: ["estimate", body],
    queryFn: ({ signal }) => request<Estimate>("POST", "/api/estimate", { body, signal }),
    staleTime: 30_000,
    gcTime: 0,
    retry: false,
  });
}
