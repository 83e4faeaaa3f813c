import type { Budget } from "@/client/api";
import { purposeName } from "./names";

export const KINDS: readonly { value: Budget["kind"]; label: string }[] = [
  { value: "all", label: "Everything" },
  { value: "model", label: "One model" },
  { value: "profile", label: "One profile" },
  { value: "purpose", label: "One purpose" },
  { value: "session", label: "One chat" },
  { value: "token", label: "One access token" },
];

export const PERIODS: readonly { value: Budget["period"]; label: string }[] = [
  { value: "day", label: "A day" },
  { value: "week", label: "A week" },
  { value: "month", label: "A month" },
];

export const PERIOD_NAMES: Record<Budget["period"], string> = {
  day: "today",
  week: "this week",
  month: "this month",
};

/** What those that a budget can be for are called, by their id. */
export interface Names {
  profiles: ReadonlyMap<string, string>;
  sessions: ReadonlyMap<string, string>;
  tokens: ReadonlyMap<string, string>;
}

/** What a budget is for, in words. */
export function subjectOf({ kind, of }: Pick<Budget, "kind" | "of">, names: Names): string {
  const id = of ?? "";
  switch (kind) {
    case "all":
      return "Everything";
    case "model":
      return id;
    case "purpose":
      return purposeName(id);
    case "profile":
      return `Profile: ${names.profiles.get(id) ?? "a deleted one"}`;
    case "session":
      return `Chat: ${names.sessions.get(id) ?? "one of them"}`;
    case "token":
      return `Token: ${names.tokens.get(id) ?? "a revoked one"}`;
  }
}
