/** Text that the server does not have yet, kept by the browser: what stands here is newer than the server's. */
const keyOf = (sessionId: string | null): string => `console.draft.${sessionId ?? "new"}`;

/** Null when the server has all that was typed. An empty text is a draft that was emptied. */
export function readUnsaved(sessionId: string | null): string | null {
  return localStorage.getItem(keyOf(sessionId));
}

export function keepUnsaved(sessionId: string | null, text: string): void {
  try {
    localStorage.setItem(keyOf(sessionId), text);
  } catch {
    // The browser's space is used up; the text still stands in the composer and goes to the server.
  }
}

/** Forgets the text once the server has it, but not what another tab has written since. */
export function forgetUnsaved(sessionId: string | null, text: string): void {
  if (readUnsaved(sessionId) === text) localStorage.removeItem(keyOf(sessionId));
}
