import type { Virtualizer } from "@tanstack/react-virtual";
import type { KeyboardEvent } from "react";
import type { Message } from "@/client/api";

/** Alt+J and Alt+K move the focus from message to message inside the transcript. */
export function useMessageKeys(
  virtualizer: Virtualizer<HTMLDivElement, Element>,
  messages: readonly Message[],
) {
  return (event: KeyboardEvent<HTMLElement>): void => {
    if (!event.altKey || (event.code !== "KeyJ" && event.code !== "KeyK")) return;
    event.preventDefault();
    const log = event.currentTarget;
    const focused = (event.target as Element).closest("[data-index]")?.getAttribute("data-index");
    const from = focused ? Number(focused) : messages.length;
    const to = Math.min(Math.max(from + (event.code === "KeyJ" ? 1 : -1), 0), messages.length - 1);
    virtualizer.scrollToIndex(to, { align: "auto" });
    requestAnimationFrame(() =>
      log
        .querySelector<HTMLElement>(`[data-index="${to}"] article`)
        ?.focus({ preventScroll: true }),
    );
  };
}
