import type { TokenScope } from "@/client/api";

/** Each includes the ones before it. */
export const SCOPES: readonly { value: TokenScope; label: string; hint: string }[] = [
  { value: "read", label: "Read", hint: "Reads what is stored. Changes nothing, spends nothing." },
  {
    value: "chat",
    label: "Chat",
    hint: "Reads, writes and asks models, which costs money.",
  },
  {
    value: "admin",
    label: "Everything",
    hint: "All that you can do: settings, keys, tokens, backups, deleting.",
  },
];

/** The widest of what a token may do. */
export function widestScope(scopes: readonly TokenScope[]): string {
  return SCOPES.findLast(({ value }) => scopes.includes(value))?.label ?? "Nothing";
}
