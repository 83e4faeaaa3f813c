import { type PointerEvent, useState } from "react";
import type { Bar } from "./stack";

/** Of the series, in their order; the others are always the last one. */
export const FILLS = [
  "fill-chart-1",
  "fill-chart-2",
  "fill-chart-3",
  "fill-chart-4",
  "fill-chart-5",
  "fill-chart-other",
] as const;

interface BarsProps {
  bars: readonly Bar[];
  /** The end of the scale. */
  top: number;
  /** What each bar is drawn in, by the order of its values. */
  fills: readonly string[];
  /** What keys move along, and what each step is called. */
  label: string;
  describe: (bar: Bar) => string;
  /** The bar that is read. */
  selected: number | null;
  onSelect: (index: number | null) => void;
}

/** Stacked bars. They are read one at a time: by pointer, by finger, and by the arrow keys. */
export function Bars({ bars, top, fills, label, describe, selected, onSelect }: BarsProps) {
  const [isHeld, setHeld] = useState(false);
  const count = bars.length;
  const point = ({ clientX, currentTarget }: PointerEvent): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const index = Math.floor(((clientX - left) / width) * count);
    onSelect(Math.max(0, Math.min(count - 1, index)));
  };
  // A few days are no walls.
  const width = Math.min(0.76, count * 0.12);
  const shown = selected === null ? undefined : bars[selected];
  return (
    <div
      className="absolute inset-0 touch-pan-y rounded-sm has-focus-visible:outline-2 has-focus-visible:outline-offset-4 has-focus-visible:outline-accent"
      onPointerMove={(event) => event.pointerType === "mouse" && !isHeld && point(event)}
      onPointerLeave={(event) => event.pointerType === "mouse" && !isHeld && onSelect(null)}
      onPointerDown={(event) => {
        point(event);
        setHeld(!isHeld || event.pointerType !== "mouse");
      }}
    >
      <svg
        aria-hidden
        viewBox={`0 0 ${count} 1`}
        preserveAspectRatio="none"
        className="size-full overflow-visible"
      >
        {selected !== null && (
          <rect x={selected} y={0} width={1} height={1} className="fill-hover" />
        )}
        {bars.map((bar, index) => (
          <Column
            key={bar.item.start}
            bar={bar}
            x={index + 0.5 - width / 2}
            width={width}
            top={top}
            fills={fills}
          />
        ))}
      </svg>
      <input
        type="range"
        aria-label={label}
        aria-valuetext={shown ? describe(shown) : "None selected"}
        min={0}
        max={Math.max(0, count - 1)}
        step={1}
        value={selected ?? Math.max(0, count - 1)}
        onChange={(event) => onSelect(Number(event.target.value))}
        onFocus={(event) => {
          if (event.target.matches(":focus-visible")) onSelect(selected ?? count - 1);
        }}
        onKeyDown={({ key }) => {
          if (key !== "Escape") return;
          setHeld(false);
          onSelect(null);
        }}
        className="pointer-events-none absolute inset-0 size-full opacity-0"
      />
    </div>
  );
}

interface ColumnProps {
  bar: Bar;
  /** Of its left edge, in columns. */
  x: number;
  width: number;
  top: number;
  fills: readonly string[];
}

/** Its largest series stands on the ground. */
function Column({ bar, x, width, top, fills }: ColumnProps) {
  let height = 0;
  return bar.values.map((value, index) => {
    if (value <= 0) return null;
    height += value;
    return (
      <rect
        key={index}
        x={x}
        y={1 - height / top}
        width={width}
        height={value / top}
        className={fills[index]}
      />
    );
  });
}
