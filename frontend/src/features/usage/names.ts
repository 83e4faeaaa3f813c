import type { UsageRow } from "@/client/usage";

/** What calls are made for, in words of their reader. */
const PURPOSES: Readonly<Record<string, string>> = {
  chat: "Chat",
  regenerate: "Regenerated answer",
  continue: "Continued answer",
  title: "Title",
  summary: "Summary",
  document: "Documents",
  embedding: "Embedding",
  endpoint: "Endpoint",
  mcp: "MCP",
  cli: "Command line",
  comparison: "Comparison",
};

/** Those that a filter or a budget may name. */
export const PURPOSE_NAMES: readonly string[] = Object.keys(PURPOSES);

export function purposeName(purpose: string): string {
  return PURPOSES[purpose] ?? purpose;
}

export const STATE_NAMES: Record<UsageRow["state"], string> = {
  settled: "Settled",
  reconciled: "Settled later",
  estimated: "Estimated",
  unknown: "Unknown",
  reserved: "Under way",
};

/** What stands for a key that no row has. */
export const NOT_KNOWN = "Not known";
