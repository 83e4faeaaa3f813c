import type { Budget } from "@/client/api";

/** What the next message of a chat is counted by. */
export interface Counted {
  sessionId: string | null;
  model: string | null;
  profile_id: number | null;
}

/** The budgets that the next message is counted by, the one that is nearest to its end first. */
export function budgetsOf(budgets: readonly Budget[], counted: Counted): Budget[] {
  return budgets
    .filter((budget) => isCountedBy(budget, counted))
    .toSorted((left, right) => shareOf(right) - shareOf(left));
}

function isCountedBy({ kind, of }: Budget, { sessionId, model, profile_id }: Counted): boolean {
  switch (kind) {
    case "all":
      return true;
    case "session":
      return of !== null && of === sessionId;
    case "model":
      return of !== null && of === model;
    case "profile":
      return of !== null && of === String(profile_id);
    case "purpose":
      return of === "chat";
    case "token":
      return false;
  }
}

function shareOf({ limit_usd, remaining_usd }: Budget): number {
  return limit_usd > 0 ? 1 - remaining_usd / limit_usd : 1;
}
