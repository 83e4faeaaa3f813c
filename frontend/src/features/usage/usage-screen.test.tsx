import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { dayIn } from "@/lib/days";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedTotals } from "@/testing/stored-usage";
import { UsageScreen } from "./usage-screen";

const DAY = "2026-11-20";
const gpt = storedTotals({
  calls: 3,
  total_tokens: 1500,
  prompt_tokens: 1000,
  completion_tokens: 500,
  cost_usd: 0.123456789,
  error_rate: 0,
});
const qwen = storedTotals({ calls: 1, total_tokens: 9000, cost_usd: 0.02, unknown_calls: 1 });
const both = storedTotals({
  calls: 4,
  total_tokens: 10_500,
  cost_usd: 0.143456789,
  reserved_usd: 0.5,
  unknown_calls: 1,
  manual_cost_usd: 1.5,
});

let api: FakeApi;

beforeEach(() => {
  api = new FakeApi()
    .on("GET /api/settings", () => ({ time_zone: "Pacific/Kiritimati" }))
    .on("GET /api/usage/summary", ({ query }) => ({
      ...spanOf(query),
      tz: "Pacific/Kiritimati",
      totals: both,
      by_model: [
        { model: "openai/gpt-5", ...gpt },
        { model: "qwen/qwen3", ...qwen },
      ],
      by_profile: [{ profile_id: null, name: null, ...both }],
      by_provider: [{ provider: null, ...both }],
      by_purpose: [{ purpose: "title", ...both }],
    }))
    .on("GET /api/usage/timeline", ({ query }) => ({
      ...spanOf(query),
      unit: query.get("unit"),
      items: [
        { start: DAY, ...both, parts: [{ key: "openai/gpt-5", ...gpt }] },
        { start: "2026-11-21", ...storedTotals() },
      ],
    }));
});

function spanOf(query: URLSearchParams) {
  return { from: query.get("from"), to: query.get("to") };
}

const show = (search = "") => renderInApp(<UsageScreen />, `/app/usage${search}`);
const queries = (route: string) => api.callsTo(route).map(({ query }) => Object.fromEntries(query));

it("asks for thirty of the owner's days, whatever day it is here", async () => {
  await show();
  await screen.findByText("$0.143");
  const [{ from = "", to } = {}] = queries("GET /api/usage/summary");
  expect(to).toBe(dayIn("Pacific/Kiritimati"));
  expect(Date.parse(to ?? "") - Date.parse(from)).toBe(29 * 86_400_000);
  expect(queries("GET /api/usage/timeline")).toEqual([{ from, to, unit: "day", by: "model" }]);
});

it("keeps what is not known, held or entered by hand out of the cost, and says so", async () => {
  await show();
  const figures = await screen.findByRole("region", { name: "Figures" });
  await waitFor(() => expect(figures).toHaveTextContent("Cost$0.143"));
  expect(within(figures).getByTitle("$0.143456789")).toHaveTextContent("$0.143");
  expect(within(figures).getByRole("link", { name: "1 call of unknown cost" })).toHaveAttribute(
    "href",
    expect.stringContaining("state=unknown"),
  );
  expect(figures).toHaveTextContent("$0.50 held for calls under way");
  expect(figures).toHaveTextContent("$1.50 entered by hand");
});

it("says why there is nothing to see", async () => {
  api.on(
    "GET /api/usage/summary",
    () => new Refusal(422, "validation_failed", "That is too long."),
  );
  await show("?from=1990-01-01&to=2026-11-21");
  expect(await screen.findByRole("alert")).toHaveTextContent("That is too long.");
});

describe("the chart", () => {
  it("is read bar by bar with the keys, and leads to the calls of that bar", async () => {
    await show(`?from=${DAY}&to=2026-11-21`);
    const bars = await screen.findByRole("slider", { name: "Cost by day" });
    expect(bars).toHaveAttribute("aria-valuetext", "None selected");
    const figure = screen.getByRole("figure", { name: "Cost over time" });
    expect(figure).toHaveTextContent("All of it$0.143");
    // The browser moves a slider by its keys; this is what that tells the page.
    fireEvent.change(bars, { target: { value: "0" } });
    expect(bars).toHaveAttribute("aria-valuetext", "Nov 20: $0.143456789, 4 calls");
    const calls = within(figure).getByRole("link", { name: "4 calls" });
    const search = new URLSearchParams(calls.getAttribute("href")?.split("?")[1]);
    expect(Object.fromEntries(search)).toEqual({ view: "calls", from: DAY, to: DAY });
  });

  it("has the same in figures, to the last digit", async () => {
    await show(`?from=${DAY}&to=2026-11-21`);
    await userEvent.click(await screen.findByText("In figures"));
    const rows = within(screen.getByRole("figure")).getAllByRole("row");
    expect(rows.map(({ textContent }) => textContent)).toEqual([
      "WhenCostCallsTokens",
      "Nov 20$0.143456789 + ?410,500",
    ]);
  });
});

it("lists what it went to by what is drawn, each leading to its calls", async () => {
  await show("?measure=tokens");
  const table = await screen.findByRole("table", { name: "Models" });
  const names = () => within(table).getAllByRole("rowheader");
  expect(names().map(({ textContent }) => textContent)).toEqual(["qwen/qwen3", "openai/gpt-5"]);
  expect(within(table).getAllByRole("row")[1]).toHaveTextContent("$0.02 + ?86%");
  expect(within(table).getByRole("link", { name: "qwen/qwen3" })).toHaveAttribute(
    "href",
    expect.stringMatching(/view=calls.*model=qwen%2Fqwen3|model=qwen%2Fqwen3.*view=calls/),
  );
});
