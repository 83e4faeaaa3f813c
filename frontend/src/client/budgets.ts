import { queryOptions } from "@tanstack/react-query";
import type { Budget, BudgetBody } from "./api";
import { request } from "./http";
import { keys } from "./queries";

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
