export interface NewChatSearch {
  /** The model that a new chat starts with. */
  model?: string;
}

/** What of the address the start of a chat understands; the rest is passed over. */
export function parseNewChatSearch({ model }: Record<string, unknown>): NewChatSearch {
  return typeof model === "string" && model ? { model } : {};
}
