import { plural } from "@/lib/format";

/** The tables that a reader knows by name, in the order of their weight. */
const NAMES: Readonly<Record<string, [one: string, many: string]>> = {
  sessions: ["chat", "chats"],
  messages: ["message", "messages"],
  profiles: ["profile", "profiles"],
  documents: ["document", "documents"],
  usage_logs: ["paid call", "paid calls"],
  models: ["model", "models"],
};

const ORDER = Object.keys(NAMES);

/** What a table holds: "chats"; one that is not known keeps its name, in words. */
export function tableName(table: string): string {
  return NAMES[table]?.[1] ?? table.replaceAll("_", " ");
}

export function isKnown(table: string): boolean {
  return table in NAMES;
}

/** Known tables first. */
export function byWeight(left: string, right: string): number {
  return weightOf(left) - weightOf(right) || left.localeCompare(right);
}

function weightOf(table: string): number {
  const at = ORDER.indexOf(table);
  return at === -1 ? ORDER.length : at;
}

/** "12 chats, 340 messages"; nothing where it was never noted. */
export function describeCounts(counts: Readonly<Record<string, number>> | null): string {
  if (counts === null) return "";
  return ["sessions", "messages"]
    .filter((table) => counts[table] !== undefined)
    .map((table) => plural(counts[table] ?? 0, ...(NAMES[table] ?? [table, table])))
    .join(", ");
}
