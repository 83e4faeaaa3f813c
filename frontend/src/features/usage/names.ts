import type { Purpose, UsageRow } from "@/client/api";

/** What calls are made for, in words of their reader. */
const PURPOSES: Record<Purpose, string> = {
  chat: "Chat",
  regenerate: "Regenerated answer",
  continue: "Continued answer",
  title: "Title",
  summary: "Summary",
  document: "Documents",
  embedding: "Embedding",
  endpoint: "Endpoint",
  mcp: "MCP",
  manual: "By hand",
};

/** Those that a budget may name: what was entered by hand is in none. */
export const PURPOSE_NAMES: readonly string[] = Object.keys(PURPOSES).filter(
  (purpose) => purpose !== "manual",
);

export function purposeName(purpose: string): string {
  return Object.hasOwn(PURPOSES, purpose) ? PURPOSES[purpose as Purpose] : purpose;
}

export const STATE_NAMES: Record<UsageRow["state"], string> = {
  settled: "Settled",
  reconciled: "Settled later",
  estimated: "Estimated",
  unknown: "Unknown",
  reserved: "Under way",
};

/** What the cost of a call rests on: what its owner said of it goes before how it was settled. */
export function stateName({ state, decision }: Pick<UsageRow, "state" | "decision">): string {
  if (decision === "cost") return "Settled by you";
  return decision === "write_off" ? "Written off by you" : STATE_NAMES[state];
}

/** What stands for a key that no row has. */
export const NOT_KNOWN = "Not known";
