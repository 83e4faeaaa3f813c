import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "@/client/http";

interface ErrorNoteProps {
  title: string;
  error: Error;
  /** What to do next. */
  children?: ReactNode;
}

/** Why something was refused, in the server's words, and where to look it up. */
export function ErrorNote({ title, error, children }: ErrorNoteProps) {
  const { hint, reason } = error instanceof ApiError ? error.details : {};
  const requestId = error instanceof ApiError ? error.requestId : null;
  const words = [error.message, reason && `${String(reason)}.`, hint].filter(Boolean).join(" ");
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-danger/25 bg-danger-soft px-4 py-2.5 text-sm"
    >
      <CircleAlert aria-hidden className="size-4 flex-none text-danger" />
      <p className="min-w-48 flex-1 wrap-anywhere">
        <span className="font-medium">{title}.</span>{" "}
        <span className="text-ink-2">
          {words}
          {requestId && ` (request ${requestId})`}
        </span>
      </p>
      {children}
    </div>
  );
}
