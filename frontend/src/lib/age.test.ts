import { expect, it } from "vitest";
import { formatAge, formatMoment } from "./age";

const NOW = Date.parse("2026-01-02T03:04:05.678Z");

it.each([
  [-5_000, "just now"],
  [0, "just now"],
  [59_999, "just now"],
  [60_000, "1 minute ago"],
  [3_599_999, "59 minutes ago"],
  [3_600_000, "1 hour ago"],
  [2 * 86_400_000, "2 days ago"],
  [8 * 86_400_000, "1 week ago"],
  [400 * 86_400_000, "1 year ago"],
])("tells %i ms as %s", (ago_ms, expected) => {
  expect(formatAge(new Date(NOW - ago_ms).toISOString(), NOW)).toBe(expected);
});

it("tells a moment in the zone that is named, and in the browser's own where it knows no such zone", () => {
  const moment = "2026-01-02T23:30:00.000Z";
  expect(formatMoment(moment, "Pacific/Kiritimati")).toMatch(/Jan 3, 2026, 1:30\sPM/);
  expect(formatMoment(moment, "America/Los_Angeles")).toMatch(/Jan 2, 2026, 3:30\sPM/);
  expect(formatMoment(moment, "Mars/Olympus")).toBe(formatMoment(moment));
});
