import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** How near the end counts as being there, for the reader who scrolls back to it. */
const END_PX = 8;
/** How far the end may run ahead between two measurements while it is followed. */
export const FOLLOW_THRESHOLD_PX = 4;

/**
 * Whether the transcript follows its end. Any move upward by wheel, touch, key, scrollbar or selection
 * releases it at once, however small; only reaching the end again, or `follow()`, takes it up.
 */
export function useFollow(
  scroller: RefObject<HTMLDivElement | null>,
  content: RefObject<HTMLDivElement | null>,
) {
  const [following, setFollowing] = useState(true);
  const lastTop = useRef(0);
  // Known at once, where the state is known to the next render: a last own scroll in between must not count as the
  // reader's return to the end.
  const released = useRef(false);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const release = (): void => {
      if (element.scrollHeight <= element.clientHeight) return;
      released.current = true;
      setFollowing(false);
    };
    const comeBack = (): void => {
      released.current = false;
    };
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0) release();
      else comeBack();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) release();
      if (["ArrowDown", "PageDown", "End", " "].includes(event.key)) comeBack();
    };
    let touchY = 0;
    const onTouchStart = (event: TouchEvent): void => {
      touchY = event.touches[0]?.clientY ?? 0;
    };
    const onTouchMove = (event: TouchEvent): void => {
      if ((event.touches[0]?.clientY ?? 0) > touchY) release();
      else comeBack();
    };
    const onSelect = (): void => {
      const selection = document.getSelection();
      if (selection && !selection.isCollapsed && element.contains(selection.anchorNode)) release();
    };
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("keydown", onKey);
    element.addEventListener("pointerdown", comeBack, { passive: true });
    element.addEventListener("touchstart", onTouchStart, { passive: true });
    element.addEventListener("touchmove", onTouchMove, { passive: true });
    document.addEventListener("selectionchange", onSelect);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("keydown", onKey);
      element.removeEventListener("pointerdown", comeBack);
      element.removeEventListener("touchstart", onTouchStart);
      element.removeEventListener("touchmove", onTouchMove);
      document.removeEventListener("selectionchange", onSelect);
    };
  }, [scroller]);

  // However far an answer grows between two frames, who follows sees its end before the next paint.
  useEffect(() => {
    const element = scroller.current;
    if (!following || !element || !content.current) return;
    const observer = new ResizeObserver(() => {
      if (!released.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [scroller, content, following]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    const movedDown = scrollTop > lastTop.current;
    lastTop.current = scrollTop;
    const atEnd = scrollHeight - clientHeight - scrollTop <= END_PX;
    if (movedDown && atEnd && !released.current) setFollowing(true);
  }, [scroller]);

  const follow = useCallback(() => {
    released.current = false;
    setFollowing(true);
  }, []);
  return { following, follow, onScroll };
}
