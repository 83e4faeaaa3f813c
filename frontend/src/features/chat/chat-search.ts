export interface ChatSearch {
  /** The sheet that tells what of the conversation is sent is open. */
  context?: true;
  /** The sheet that tells what the conversation cost is open. */
  usage?: true;
}

/** What of the address a conversation understands; the rest is passed over. */
export function parseChatSearch({ context, usage }: Record<string, unknown>): ChatSearch {
  if (context === true) return { context };
  return usage === true ? { usage } : {};
}
