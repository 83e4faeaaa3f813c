import {
  type FocusEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";

const DELAY_MS = 500;
/** Whoever has just read one tip gets the next at once. */
const WARM_MS = 400;
const GAP_PX = 6;
const MARGIN_PX = 8;

let hidden_at_ms = -Infinity;

/**
 * A short text that a mouse or the keyboard finds beside a control: handlers for the control, and the popup while
 * it is shown. Where it says more than the control's name, the control is described by its `id`.
 */
export function useTooltip(text: ReactNode) {
  const id = useId();
  const [anchor, setAnchor] = useState<Element | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const show = (element: Element, delay_ms: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setAnchor(element), delay_ms);
  };
  const hide = (): void => {
    clearTimeout(timer.current);
    if (anchor) hidden_at_ms = performance.now();
    setAnchor(null);
  };
  return {
    /** Of the popup, while there is one. */
    id,
    trigger: {
      onPointerEnter: ({ pointerType, currentTarget }: PointerEvent): void => {
        if (pointerType === "touch") return;
        show(currentTarget, performance.now() - hidden_at_ms < WARM_MS ? 0 : DELAY_MS);
      },
      onPointerLeave: hide,
      onPointerDown: hide,
      onFocus: ({ currentTarget }: FocusEvent): void => {
        if (currentTarget.matches(":focus-visible")) show(currentTarget, 0);
      },
      onBlur: hide,
    },
    popup: anchor && (
      <Popup id={id} anchor={anchor} onHide={hide}>
        {text}
      </Popup>
    ),
  };
}

interface PopupProps {
  id: string;
  anchor: Element;
  onHide: () => void;
  children: ReactNode;
}

function Popup({ id, anchor, onHide, children }: PopupProps) {
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (popup.current) place(popup.current, anchor);
  });
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") onHide();
    };
    window.addEventListener("keydown", onKey);
    window.addEventListener("resize", onHide);
    window.addEventListener("scroll", onHide, { capture: true, passive: true });
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("resize", onHide);
      window.removeEventListener("scroll", onHide, { capture: true });
    };
  }, [onHide]);
  return createPortal(
    <div
      ref={popup}
      id={id}
      role="tooltip"
      className="pointer-events-none fixed top-0 left-0 z-50 w-max max-w-72 rounded-sm bg-ink px-2 py-1 text-xs text-canvas"
    >
      {children}
    </div>,
    document.body,
  );
}

/** Above the control, or below it where there is no room; never past the edge of the window. */
function place(popup: HTMLElement, anchor: Element): void {
  const target = anchor.getBoundingClientRect();
  const { width, height } = popup.getBoundingClientRect();
  const above = target.top - GAP_PX - height;
  const top = above >= MARGIN_PX ? above : target.bottom + GAP_PX;
  const most = window.innerWidth - width - MARGIN_PX;
  const left = Math.max(MARGIN_PX, Math.min(target.left + (target.width - width) / 2, most));
  popup.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
}
