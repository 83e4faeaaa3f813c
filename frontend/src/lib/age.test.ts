import { expect, it } from "vitest";
import { formatAge } from "./age";

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
