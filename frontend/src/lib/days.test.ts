import { describe, expect, it } from "vitest";
import { addDays, countDays, dayIn, firstOfMonth, formatDay, isDay } from "./days";

describe("the day in a zone", () => {
  const now_ms = Date.parse("2026-03-01T02:30:00Z");
  it.each([
    ["UTC", "2026-03-01"],
    ["America/New_York", "2026-02-28"],
    ["Asia/Kolkata", "2026-03-01"],
    ["Pacific/Kiritimati", "2026-03-01"],
    ["Pacific/Honolulu", "2026-02-28"],
  ])("%s: %s", (zone, day) => expect(dayIn(zone, now_ms)).toBe(day));

  it("is this browser's where the zone is not known here", () => {
    expect(dayIn("Mars/Olympus", now_ms)).toBe(dayIn(undefined, now_ms));
  });
});

it("counts over the ends of months and years", () => {
  expect(addDays("2024-02-28", 1)).toBe("2024-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(countDays("2026-01-01", "2026-01-01")).toBe(1);
  expect(countDays("2025-12-31", "2026-01-02")).toBe(3);
  expect(firstOfMonth("2026-11-21")).toBe("2026-11-01");
});

it.each(["2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", 20260101, null, "2026-01-01T00:00"])(
  "takes %s for no day",
  (text) => expect(isDay(text)).toBe(false),
);

it("tells the year only of another one", () => {
  expect(formatDay("2026-11-21", "2026-01-05")).toBe("Nov 21");
  expect(formatDay("2025-11-21", "2026-01-05")).toBe("Nov 21, 2025");
});
