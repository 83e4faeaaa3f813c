import { type RefObject, useEffect, useRef } from "react";

/**
 * When `open` has changed and what had the focus is gone or hidden with it, gives the focus to the first
 * match of `selector`. On a phone list and form take turns; everywhere a deleted profile takes its form along.
 */
export function useLostFocus(
  container: RefObject<HTMLElement | null>,
  selector: string,
  open: unknown,
): void {
  const before = useRef(open);
  useEffect(() => {
    if (before.current === open) return;
    before.current = open;
    const focused = document.activeElement;
    const isLost = focused === document.body || focused?.checkVisibility?.() === false;
    if (isLost) container.current?.querySelector<HTMLElement>(selector)?.focus();
  }, [container, selector, open]);
}
