interface KeySettings {
  sendKey: "enter" | "mod_enter";
  /** On-screen keyboards have no Shift+Enter: there Enter is a new line. */
  isTouch: boolean;
}

type KeyEvent = Pick<
  KeyboardEvent,
  "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "keyCode"
>;

/** What a key in the composer means. Enter that confirms an input method's word never sends. */
export function composerKey(event: KeyEvent, { sendKey, isTouch }: KeySettings): "send" | null {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return null;
  if (event.shiftKey || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return "send";
  return sendKey === "enter" && !isTouch ? "send" : null;
}
