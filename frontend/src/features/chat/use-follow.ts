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

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const release = (): void => {
      if (element.scrollHeight > element.clientHeight) setFollowing(false);
    };
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0) release();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) release();
    };
    let touchY = 0;
    const onTouchStart = (event: TouchEvent): void => {
      touchY = event.touches[0]?.clientY ?? 0;
    };
    const onTouchMove = (event: TouchEvent): void => {
      if ((event.touches[0]?.clientY ?? 0) > touchY) release();
    };
    const onSelect = (): void => {
      const selection = document.getSelection();
      if (selection && !selection.isCollapsed && element.contains(selection.anchorNode)) release();
    };
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("keydown", onKey);
    element.addEventListener("touchstart", onTouchStart, { passive: true });
    element.addEventListener("touchmove", onTouchMove, { passive: true });
    document.addEventListener("selectionchange", onSelect);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("keydown", onKey);
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
      element.scrollTop = element.scrollHeight;
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
    if (movedDown && scrollHeight - clientHeight - scrollTop <= END_PX) setFollowing(true);
  }, [scroller]);

  const follow = useCallback(() => setFollowing(true), []);
  return { following, follow, onScroll };
}
