import { queryOptions } from "@tanstack/react-query";
import type { Estimate, NewTurn } from "./api";
import { request } from "./http";

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
