export interface ChatSearch {
  /** The sheet that tells what of the conversation is sent is open. */
  context?: true;
}

/** What of the address a conversation understands; the rest is passed over. */
export function parseChatSearch({ context }: Record<string, unknown>): ChatSearch {
  return context === true ? { context } : {};
}
