import { queryOptions } from "@tanstack/react-query";
import { request } from "./http";
import { keys } from "./queries";

export type BudgetKind = "all" | "profile" | "model" | "session" | "token" | "purpose";
export type BudgetPeriod = "day" | "week" | "month";

/** What calls may cost in a period. Money is US dollars, exact. */
export interface Budget {
  id: string;
  kind: BudgetKind;
  /** The profile, model, session, token or purpose it is for. */
  of: string | null;
  period: BudgetPeriod;
  limit_usd: number;
  /** Share of the limit, 0 to 1. */
  warn_at: number | null;
  /** Refuses calls that could go past it. */
  hard: boolean;
  name: string | null;
  state: "ok" | "warned" | "exceeded";
  spent_usd: number;
  reserved_usd: number;
  remaining_usd: number;
  from: string;
  to: string;
  created_at: string;
  revision: number;
}

/** What its owner decides of a budget; the limit as it was typed, because a number would lose digits. */
export interface BudgetBody {
  kind: BudgetKind;
  of: string | null;
  period: BudgetPeriod;
  limit_usd: string;
  warn_at: number | null;
  hard: boolean;
  name: string | null;
}

export const budgetsQuery = queryOptions({
  queryKey: keys.budgets,
  queryFn: async ({ signal }) =>
    (await request<{ items: Budget[] }>("GET", "/api/budgets", { signal })).items,
});

export function createBudget(body: BudgetBody): Promise<Budget> {
  return request<Budget>("POST", "/api/budgets", { body });
}

/** What may be changed of one: whose calls count stays. */
export type BudgetChange = Omit<BudgetBody, "kind" | "of">;

/** Changes the budget that was seen; throws `ApiError` `stale` when it is another one by now. */
export function patchBudget(seen: Budget, change: BudgetChange): Promise<Budget> {
  return request<Budget>("PATCH", `/api/budgets/${encodeURIComponent(seen.id)}`, {
    body: { ...change, revision: seen.revision },
  });
}

export function deleteBudget(id: string): Promise<void> {
  return request<void>("DELETE", `/api/budgets/${encodeURIComponent(id)}`);
}
