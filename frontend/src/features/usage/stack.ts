import type { Timeline, Totals } from "@/client/api";

/** More than these nobody tells apart by colour. */
const MOST_SERIES = 5;

/** What all others are drawn as. */
export const OTHERS = Symbol("others");

type Key = string | number | null;

export interface Series {
  key: Key | typeof OTHERS;
  total: number;
}

export interface Bar {
  item: Timeline["items"][number];
  total: number;
  /** One for each series, in their order. */
  values: number[];
}

export interface Stack {
  /** The largest first, the others last. */
  series: Series[];
  bars: Bar[];
  /** The end of the scale, a round number above the highest bar. */
  top: number;
}

/** What a chart draws: the largest parts apart, and the rest of each bar as one. */
export function stackOf({ items }: Timeline, of: (totals: Totals) => number): Stack {
  const totals = new Map<Key, number>();
  for (const { parts } of items) {
    for (const part of parts ?? []) totals.set(part.key, (totals.get(part.key) ?? 0) + of(part));
  }
  const ranked = [...totals].filter(([, total]) => total > 0).toSorted(([, a], [, b]) => b - a);
  // One that is left over takes no more room than "others" would.
  const shown = ranked.length === MOST_SERIES + 1 ? ranked : ranked.slice(0, MOST_SERIES);
  const keys = shown.map(([key]) => key);
  const bars = items.map((item) => {
    const values = keys.map((wanted) => {
      const part = item.parts?.find(({ key }) => key === wanted);
      return part ? of(part) : 0;
    });
    const total = of(item);
    const rest = total - values.reduce((sum, value) => sum + value, 0);
    // Sums of binary fractions leave dust.
    return { item, total, values: [...values, rest > total * 1e-9 ? rest : 0] };
  });
  const rest = bars.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0);
  const series: Series[] = shown.map(([key, total]) => ({ key, total }));
  if (rest > 0) series.push({ key: OTHERS, total: rest });
  return { series, bars, top: roundUp(Math.max(0, ...bars.map(({ total }) => total))) };
}

/** The next figure that a scale may end at, and be halved; 1 for nothing. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value) ?? 10;
  // Through its digits, so that 3 * 0.1 is 0.3.
  return Number((step * power).toPrecision(3));
}
