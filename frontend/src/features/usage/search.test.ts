import { describe, expect, it } from "vitest";
import { endOf, isFiltered, parseUsageSearch, rowsQueryOf, spanOf, unitOf } from "./search";

it("understands what it wrote, and passes over the rest", () => {
  const search = {
    view: "calls",
    range: "7d",
    model: "openai/gpt-5",
    session_id: "42",
    profile_id: 3,
    state: "unknown",
    min_cost: 0.01,
  };
  expect(parseUsageSearch({ ...search, session_id: 42 })).toEqual(search);
  expect(
    parseUsageSearch({
      view: "overview",
      range: "century",
      from: "2026-02-30",
      to: "2026-03-01",
      model: "",
      profile_id: "x",
      state: "gone",
      min_cost: -1,
      max_cost: Number.NaN,
      more: 1,
    }),
  ).toEqual({});
});

describe("the days that are shown", () => {
  const today = "2026-03-05";
  it.each([
    [{}, "2026-02-04", today],
    [{ range: "today" }, today, today],
    [{ range: "7d" }, "2026-02-27", today],
    [{ range: "month" }, "2026-03-01", today],
    [{ range: "7d", from: "2025-01-01", to: "2025-12-31" }, "2025-01-01", "2025-12-31"],
    [{ from: "2026-03-02", to: "2026-03-01" }, "2026-02-04", today],
    [{ from: "2026-03-02" }, "2026-02-04", today],
  ])("%o", (search, from, to) => {
    expect(spanOf(parseUsageSearch(search), today)).toEqual({ from, to });
  });
});

it("takes wider bars for longer spans, and ends them where the span ends", () => {
  const year = { from: "2026-01-01", to: "2026-12-31" };
  expect(unitOf({ from: "2026-01-01", to: "2026-03-31" })).toBe("day");
  expect(unitOf(year)).toBe("week");
  expect(unitOf({ from: "2024-01-01", to: "2026-12-31" })).toBe("month");
  expect(endOf("2026-02-02", "day", year)).toBe("2026-02-02");
  expect(endOf("2026-02-02", "week", year)).toBe("2026-02-08");
  expect(endOf("2026-12-28", "week", year)).toBe("2026-12-31");
  expect(endOf("2026-02-01", "month", year)).toBe("2026-02-28");
});

it("asks for rows by what narrows them alone", () => {
  const span = { from: "2026-01-01", to: "2026-01-31" };
  const search = parseUsageSearch({ view: "calls", range: "7d", purpose: "title" });
  expect(isFiltered(search)).toBe(true);
  expect(isFiltered({ view: "calls" })).toBe(false);
  const asked = Object.entries(rowsQueryOf(search, span)).filter(
    ([, value]) => value !== undefined,
  );
  expect(Object.fromEntries(asked)).toEqual({ ...span, purpose: "title" });
});
