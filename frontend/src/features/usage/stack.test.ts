import { describe, expect, it } from "vitest";
import type { Timeline } from "@/client/api";
import { storedTotals } from "@/testing/stored-usage";
import { OTHERS, roundUp, stackOf } from "./stack";

const cost = ({ cost_usd }: { cost_usd: number }): number => cost_usd;

function timeline(...bars: Record<string, number>[]): Timeline {
  return {
    from: "2026-01-01",
    to: "2026-01-02",
    tz: "UTC",
    unit: "day",
    by: "model",
    items: bars.map((bar, index) => ({
      ...storedTotals({ cost_usd: Object.values(bar).reduce((sum, value) => sum + value, 0) }),
      start: `2026-01-0${index + 1}`,
      parts: Object.entries(bar).map(([key, cost_usd]) => ({ key, ...storedTotals({ cost_usd }) })),
    })),
  };
}

describe("what a chart draws", () => {
  it("has the largest first, in one order for all bars", () => {
    const { series, bars } = stackOf(timeline({ a: 1, b: 2 }, { a: 5 }), cost);
    expect(series).toEqual([
      { key: "a", total: 6 },
      { key: "b", total: 2 },
    ]);
    expect(bars.map(({ values }) => values)).toEqual([
      [1, 2, 0],
      [5, 0, 0],
    ]);
  });

  it("draws all past the fifth as one, and a sixth alone as itself", () => {
    const six = { a: 6, b: 5, c: 4, d: 3, e: 2, f: 1 };
    expect(stackOf(timeline(six), cost).series.map(({ key }) => key)).toEqual([..."abcdef"]);
    const { series, bars } = stackOf(timeline({ ...six, g: 1 }), cost);
    expect(series.at(-1)).toEqual({ key: OTHERS, total: 2 });
    expect(bars[0]?.values).toEqual([6, 5, 4, 3, 2, 2]);
  });

  it("leaves out what has nothing, and has a scale for nothing", () => {
    const { series, bars, top } = stackOf(timeline({ a: 0 }, {}), cost);
    expect(series).toEqual([]);
    expect(bars).toHaveLength(2);
    expect(top).toBe(1);
  });
});

it.each([
  [0.0012, 0.0015],
  [0.3, 0.3],
  [1, 1],
  [2.1, 2.5],
  [0.65, 0.8],
  [9.9, 10],
  [12_345, 15_000],
])("a scale that shows %d ends at %d", (value, top) => expect(roundUp(value)).toBe(top));
