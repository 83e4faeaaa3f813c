import type { ButtonHTMLAttributes } from "react";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-line-strong bg-raised text-ink hover:bg-hover",
  quiet: "text-ink-2 hover:bg-hover hover:text-ink",
  danger: "bg-danger text-canvas hover:opacity-90",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
}

export function buttonClass(look: Look = "plain"): string {
  return `inline-flex min-h-8 items-center justify-center gap-1.5 rounded-md px-3 text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-50 [&_svg]:size-4 ${LOOKS[look]}`;
}

export function Button({ look = "plain", className = "", ...props }: ButtonProps) {
  return <button type="button" {...props} className={`${buttonClass(look)} ${className}`} />;
}
