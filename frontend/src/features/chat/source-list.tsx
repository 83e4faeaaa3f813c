import { useId } from "react";
import type { AnnotationPart } from "@/client/api";
import { sourcesOf } from "./sources";

/** What an answer cites. Nothing of it is fetched unless the reader follows a link. */
export function SourceList({ annotations }: { annotations: readonly AnnotationPart[] }) {
  const id = useId();
  const sources = sourcesOf(annotations);
  if (sources.length === 0) return null;
  return (
    <section aria-labelledby={id} className="border-t border-line pt-2 text-sm">
      <p id={id} className="text-xs font-medium text-ink-3">
        Sources
      </p>
      <ol className="mt-1 flex list-none flex-col gap-0.5">
        {sources.map(({ href, host, title }, index) => (
          <li key={href} className="flex min-w-0 items-baseline gap-2">
            <span aria-hidden className="min-w-4 text-right text-xs text-ink-3 tabular-nums">
              {index + 1}
            </span>
            <a
              href={href}
              target="_blank"
              rel="noreferrer noopener"
              className="flex min-h-6 min-w-0 items-baseline gap-2 hover:underline pointer-coarse:min-h-9"
            >
              <span className="truncate text-accent">{title}</span>
              {title !== host && <span className="flex-none text-xs text-ink-3">{host}</span>}
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}
