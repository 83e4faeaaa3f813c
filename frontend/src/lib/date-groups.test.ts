import { expect, it } from "vitest";
import { groupByDate } from "./date-groups";

const now = new Date(2026, 2, 20, 9, 30);

function at(...date: [number, number, number, number?]): string {
  return new Date(...(date as [number, number, number])).toISOString();
}

it("groups by calendar days of the reader, not by 24 hours", () => {
  const times = [
    at(2026, 2, 20, 0),
    at(2026, 2, 19, 23),
    at(2026, 2, 14),
    at(2026, 2, 1),
    at(2026, 0, 5),
    at(2025, 11, 31),
  ];
  expect(
    groupByDate(times, (time) => time, now).map(({ label, items }) => [label, items.length]),
  ).toEqual([
    ["Today", 1],
    ["Yesterday", 1],
    ["Past 7 days", 1],
    ["Past 30 days", 1],
    ["January 2026", 1],
    ["December 2025", 1],
  ]);
});

it("takes a clock that runs ahead for today", () => {
  expect(groupByDate([at(2026, 2, 21)], (time) => time, now)[0]?.label).toBe("Today");
});
