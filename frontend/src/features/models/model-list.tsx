import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useRef, useState } from "react";
import type { Model } from "@/client/api";
import { COLUMNS, ModelRow } from "./model-row";

const ROW_PX = 56;
const PAGE_ROWS = 10;

/** Every model that the filters left. Tab stops once; arrows, Page and Home keys walk through all of them. */
export function ModelList({ models }: { models: readonly Model[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(0);
  const tabStop = Math.min(chosen, models.length - 1);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised
  const virtualizer = useVirtualizer({
    count: models.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => models[index]?.id ?? index, [models]),
    estimateSize: () => ROW_PX,
    overscan: 8,
    // What has the focus stays, however far it is scrolled away.
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), tabStop])].toSorted((a, b) => a - b),
  });

  const walk = (event: KeyboardEvent): void => {
    const next = nextRow(event.key, tabStop, models.length);
    const id = next === null ? undefined : models[next]?.id;
    if (next === null || id === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setChosen(next);
    virtualizer.scrollToIndex(next);
    // The row is there once the list has rendered it.
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-model="${CSS.escape(id)}"]`)?.focus(),
    );
  };

  return (
    <div
      role="table"
      aria-label="Models"
      aria-rowcount={models.length + 1}
      className="flex min-h-0 flex-1 flex-col"
    >
      <div role="rowgroup" className="flex-none border-b border-line max-md:sr-only">
        <div role="row" aria-rowindex={1} className={`px-4 py-1.5 text-xs text-ink-3 ${COLUMNS}`}>
          <span role="columnheader">Model</span>
          <span role="columnheader" className="md:text-right">
            Context
          </span>
          <span role="columnheader" className="md:text-right">
            Price in / out
          </span>
          <span role="columnheader">Takes</span>
        </div>
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys move the focus between rows */}
        <div
          role="rowgroup"
          className="relative my-2"
          style={{ height: virtualizer.getTotalSize() }}
          onKeyDown={walk}
        >
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const model = models[index];
            return (
              model && (
                <div
                  key={key}
                  ref={virtualizer.measureElement}
                  role="row"
                  aria-rowindex={index + 2}
                  data-index={index}
                  onFocus={() => setChosen(index)}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <ModelRow model={model} isTabStop={index === tabStop} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function nextRow(key: string, from: number, count: number): number | null {
  const steps: Record<string, number> = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + PAGE_ROWS,
    PageUp: from - PAGE_ROWS,
    Home: 0,
    End: count - 1,
  };
  const target = steps[key];
  return target === undefined ? null : Math.max(0, Math.min(count - 1, target));
}
