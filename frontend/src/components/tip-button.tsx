import type { ReactNode } from "react";
import { useTooltip } from "./tooltip";

interface TipButtonProps {
  /** What it says of its content, in plain text. */
  tip: string;
  className?: string;
  children: ReactNode;
}

/** A figure that explains itself to whoever points at it or goes there by keyboard. */
export function TipButton({ tip, className = "", children }: TipButtonProps) {
  const { id, trigger, popup } = useTooltip(tip);
  return (
    <>
      <button
        type="button"
        {...trigger}
        aria-describedby={popup ? id : undefined}
        className={`cursor-default rounded-sm ${className}`}
      >
        {children}
      </button>
      {popup}
    </>
  );
}
