import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import { formatDuration } from "@/lib/format";
import { Markdown } from "@/lib/markdown/markdown";

interface ReasoningProps {
  text: string;
  /** How long it took; null while it runs, or when nobody measured it. */
  duration_ms: number | null;
  streaming: boolean;
}

/** What the model thought. Closed unless the reader opens it, and then it stays as they left it. */
export function Reasoning({ text, duration_ms, streaming }: ReasoningProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <section className="text-sm">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="-ml-1.5 inline-flex min-h-7 items-center gap-1.5 rounded-sm px-1.5 text-ink-3 hover:bg-hover hover:text-ink"
      >
        <ChevronRight
          aria-hidden
          className={`size-4 transition-transform ${open ? "rotate-90" : ""}`}
        />
        {titleOf(streaming, duration_ms)}
        {streaming && <span className="live-dot ml-1" aria-hidden />}
      </button>
      <div id={id} hidden={!open} className="mt-1 ml-0.5 border-l-2 border-line pl-4 text-ink-2">
        {open && <Markdown text={text} streaming={streaming} />}
      </div>
    </section>
  );
}

function titleOf(streaming: boolean, duration_ms: number | null): string {
  if (streaming) return "Thinking";
  return duration_ms === null ? "Thought" : `Thought for ${formatDuration(duration_ms)}`;
}
