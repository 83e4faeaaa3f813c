import { useEffect, useEffectEvent } from "react";

interface Shortcut {
  key: string;
  /** Ctrl, or Cmd on a Mac. */
  mod?: boolean;
  shift?: boolean;
  alt?: boolean;
  label: string;
}

/** Every shortcut of the page. Each also has a control that can be seen. */
export const shortcuts = {
  newChat: { key: "o", mod: true, shift: true, label: "New chat" },
  toggleSidebar: { key: "b", mod: true, label: "Show or hide the sidebar" },
  previousSession: { key: "ArrowUp", alt: true, label: "Previous session" },
  nextSession: { key: "ArrowDown", alt: true, label: "Next session" },
  save: { key: "s", mod: true, label: "Save" },
  stop: { key: "Escape", label: "Stop the answer" },
} as const satisfies Record<string, Shortcut>;

export type ShortcutName = keyof typeof shortcuts;

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function describeShortcut(name: ShortcutName): string {
  const { key, mod, shift, alt }: Shortcut = shortcuts[name];
  const words = [mod && (isMac ? "⌘" : "Ctrl"), alt && "Alt", shift && "Shift", spell(key)];
  return words.filter(Boolean).join(isMac ? " " : "+");
}

function spell(key: string): string {
  if (key === "ArrowUp") return "↑";
  if (key === "ArrowDown") return "↓";
  return key.length === 1 ? key.toUpperCase() : key;
}

/** Calls `run` for the shortcut, anywhere on the page, unless something nearer has handled the key. */
export function useShortcut(name: ShortcutName, run: () => void, enabled = true): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || !matches(shortcuts[name], event)) return;
    event.preventDefault();
    run();
  });
  useEffect(() => {
    if (!enabled) return;
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [enabled]);
}

function matches(shortcut: Shortcut, event: KeyboardEvent): boolean {
  return (
    event.key.toLowerCase() === shortcut.key.toLowerCase() &&
    (event.ctrlKey || event.metaKey) === Boolean(shortcut.mod) &&
    event.shiftKey === Boolean(shortcut.shift) &&
    event.altKey === Boolean(shortcut.alt)
  );
}
