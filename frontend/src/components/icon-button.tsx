import type { ButtonHTMLAttributes, ReactNode } from "react";
import { useTooltip } from "./tooltip";

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Its accessible name, shown as the tooltip too. */
  label: string;
  children: ReactNode;
}

export function IconButton({ label, className = "", children, ...props }: IconButtonProps) {
  const { trigger, popup } = useTooltip(label);
  return (
    <>
      <button
        type="button"
        {...props}
        {...trigger}
        aria-label={label}
        className={`inline-flex size-8 flex-none items-center justify-center rounded-md text-ink-3 transition-colors hover:bg-hover hover:text-ink disabled:opacity-50 pointer-coarse:size-10 [&_svg]:size-4 ${className}`}
      >
        {children}
      </button>
      {popup}
    </>
  );
}
