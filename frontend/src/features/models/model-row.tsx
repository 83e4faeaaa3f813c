import { Link } from "@tanstack/react-router";
import { Brain } from "lucide-react";
import type { Model } from "@/client/api";
import { isFree } from "@/components/models";
import { formatContext, formatPrice } from "@/lib/format";
import { Modalities } from "./modalities";

/** The columns on wide screens; on narrow ones the cells flow below the name. */
export const COLUMNS =
  "md:grid md:grid-cols-[minmax(0,1fr)_5rem_11rem_6rem] md:items-center md:gap-x-4";

interface ModelRowProps {
  model: Model;
  /** Whether the Tab key stops here; the arrow keys go on from it. */
  isTabStop: boolean;
}

export function ModelRow({ model, isTabStop }: ModelRowProps) {
  return (
    <div
      className={`relative mx-2 flex min-h-14 flex-wrap items-center gap-x-3 rounded-md px-2 py-2 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent ${COLUMNS}`}
    >
      <span role="cell" className="min-w-0 max-md:w-full">
        <Link
          to="/app/models"
          search={(search) => ({ ...search, model: model.id })}
          tabIndex={isTabStop ? 0 : -1}
          data-model={model.id}
          className="flex items-center gap-1.5 text-sm font-medium outline-none after:absolute after:inset-0"
        >
          <span className="truncate">{model.name}</span>
          {model.is_reasoning && (
            <Brain role="img" aria-label="reasons" className="size-3.5 flex-none text-ink-3" />
          )}
        </Link>
        <span className="block truncate text-xs text-ink-3">{model.id}</span>
      </span>
      <span role="cell" className="text-xs text-ink-2 tabular-nums md:text-right md:text-sm">
        {formatContext(model.context_length)}
        <span className="md:sr-only"> context</span>
      </span>
      <span role="cell" className="text-xs text-ink-2 tabular-nums md:text-right md:text-sm">
        <Prices model={model} />
      </span>
      <span role="cell" className="leading-none">
        <Modalities modalities={model.modalities} />
      </span>
    </div>
  );
}

function Prices({ model }: { model: Model }) {
  if (isFree(model)) return "free";
  const { prompt, completion } = model.pricing;
  if (prompt === null && completion === null) {
    return (
      <>
        <span aria-hidden>–</span>
        <span className="sr-only">price not known</span>
      </>
    );
  }
  return (
    <>
      {formatPrice(prompt)} / {formatPrice(completion)}
    </>
  );
}
