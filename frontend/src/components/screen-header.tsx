import { type ReactNode, use } from "react";
import { ShellContext } from "./shell-context";

interface ScreenHeaderProps {
  title: string;
  /** Beside the title, at the right end. */
  children?: ReactNode;
}

/** The bar at the top of every screen, with its one h1. */
export function ScreenHeader({ title, children }: ScreenHeaderProps) {
  return (
    <header className="flex min-h-12 flex-none items-center gap-2 border-b border-line px-2 md:px-4">
      <title>{title ? `${title} · LLM Console` : "LLM Console"}</title>
      {use(ShellContext)}
      <h1 className="min-w-0 flex-1 truncate text-sm font-semibold">{title}</h1>
      {children}
    </header>
  );
}
