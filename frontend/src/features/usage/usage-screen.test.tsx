import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { dayIn } from "@/lib/days";
import { type Call, FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedTotals, storedUsageRow } from "@/testing/stored-usage";
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
    }))
    .on("GET /api/usage", () => ({ items: [storedUsageRow()], next_cursor: null, total: 1 }));
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

describe("the calls", () => {
  const rows = () => screen.findAllByRole("listitem", { name: /^Call of/ });

  it("are narrowed by what the address says, and exported by the same", async () => {
    api.on("POST /api/admin/tickets", () => ({ ticket: "t-1", expires_at: "" }));
    let opened = "";
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      opened = this.href;
    });
    await show(`?view=calls&from=${DAY}&to=2026-11-21&state=settled&profile_id=3&min_cost=0.001`);
    expect(await rows()).toHaveLength(1);
    const asked = {
      from: DAY,
      to: "2026-11-21",
      state: "settled",
      profile_id: "3",
      min_cost: "0.001",
    };
    expect(queries("GET /api/usage")).toEqual([{ ...asked, limit: "50", count: "1" }]);
    await userEvent.click(screen.getByRole("button", { name: "Export as CSV" }));
    await waitFor(() => expect(opened).not.toBe(""));
    expect(api.callsTo("POST /api/admin/tickets")[0]?.body).toEqual({ path: "/api/usage" });
    const address = new URL(opened);
    expect(address.pathname).toBe("/api/usage");
    expect(Object.fromEntries(address.searchParams)).toEqual({
      ...asked,
      format: "csv",
      ticket: "t-1",
    });
  });

  it("lead to their chats, and come page by page", async () => {
    api.on("GET /api/usage", ({ query }: Call) =>
      query.has("cursor")
        ? { items: [storedUsageRow({ id: "u2", session_id: null })], next_cursor: null }
        : { items: [storedUsageRow()], next_cursor: "more", total: 2 },
    );
    await show("?view=calls");
    expect(await screen.findByRole("link", { name: "Open its chat" })).toHaveAttribute(
      "href",
      "/app/chat/s1",
    );
    expect(screen.getByText("2 calls")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(async () => expect(await rows()).toHaveLength(2));
    expect(screen.getAllByRole("link", { name: "Open its chat" })).toHaveLength(1);
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  });

  it("of unknown cost are never shown as nothing, and are settled as their owner says", async () => {
    let row = storedUsageRow({ state: "unknown", cost_usd: null });
    api
      .on("GET /api/usage", () => ({ items: [row], next_cursor: null, total: 1 }))
      .on("POST /api/usage/u1/decision", ({ body }) => {
        row = { ...row, state: "reconciled", cost_usd: Number((body as Decided).cost_usd) };
        return row;
      });
    await show("?view=calls");
    const [shown] = await rows();
    expect(shown).toHaveTextContent("–Unknown, $0.05 held");
    await userEvent.click(screen.getByRole("button", { name: "Decide" }));
    const cost = screen.getByRole("textbox", { name: "What it cost" });
    expect(cost).toHaveFocus();
    expect(cost).toHaveAccessibleDescription(/gen-1/);
    await userEvent.type(cost, "nothing{Enter}");
    expect(cost).toHaveAccessibleDescription("Must be an amount, such as 2.50.");
    expect(api.callsTo("POST /api/usage/u1/decision")).toEqual([]);
    await userEvent.clear(cost);
    await userEvent.type(cost, "0.010000000001{Enter}");
    await waitFor(async () => expect((await rows())[0]).toHaveTextContent("$0.010000000001"));
    expect(api.callsTo("POST /api/usage/u1/decision")[0]?.body).toEqual({
      cost_usd: "0.010000000001",
    });
    expect(screen.queryByRole("button", { name: "Decide" })).toBeNull();
  });

  it("may be written off, and keep the form when that is refused", async () => {
    api
      .on("GET /api/usage", () => ({
        items: [storedUsageRow({ state: "unknown", cost_usd: null })],
        next_cursor: null,
        total: 1,
      }))
      .on("POST /api/usage/u1/decision", () => new Refusal(409, "conflict", "It is settled."));
    await show("?view=calls");
    await userEvent.click(await screen.findByRole("button", { name: "Decide" }));
    await userEvent.click(screen.getByRole("button", { name: "Write it off" }));
    expect(await screen.findByText("Not saved. It is settled.")).toBeVisible();
    expect(api.callsTo("POST /api/usage/u1/decision")[0]?.body).toEqual({ write_off: true });
  });
});

interface Decided {
  cost_usd: string;
}

describe("the provider's book", () => {
  const credits = { total_credits_usd: 50, total_usage_usd: 20.5, remaining_usd: 29.5 };

  beforeEach(() => {
    api.on("GET /api/usage/credits", () => ({ ...credits, at: new Date().toISOString() }));
  });

  it("tells what is left, and what differs with its rows", async () => {
    const sums = { day: DAY, model: "openai/gpt-5", ours_usd: 0.1, theirs_usd: 0.11 };
    api.on("GET /api/usage/drift", ({ query }) => ({
      ...spanOf(query),
      days: [
        { ...sums, difference_usd: -0.01, our_calls: 2, their_calls: 2, rows: [storedUsageRow()] },
        { ...sums, model: "same", difference_usd: 0, our_calls: 1, their_calls: 1, rows: [] },
      ],
      not_compared: [{ reason: "Today is not over." }],
    }));
    await show("?view=provider");
    expect(await screen.findByText("$29.50")).toBeVisible();
    const [first, ...others] = await screen.findAllByRole("listitem");
    expect(first).toHaveTextContent("Today is not over.");
    expect(others).toHaveLength(1);
    expect(others[0]).toHaveTextContent("ours $0.10 in 2 · theirs $0.11 in 2-$0.01");
    await userEvent.click(screen.getByRole("button", { name: "1 row" }));
    expect(await screen.findByRole("listitem", { name: /^Call of/ })).toBeVisible();
    expect(screen.getByText("1 other sum without a difference.")).toBeVisible();
  });

  it("says why it cannot be compared", async () => {
    api
      .on("GET /api/usage/credits", () => new Refusal(403, "forbidden", "Not with this key."))
      .on(
        "GET /api/usage/drift",
        () => new Refusal(409, "conflict", "It has no record.", { hint: "Add a management key." }),
      );
    await show("?view=provider");
    await waitFor(() => expect(screen.getAllByRole("alert")).toHaveLength(2));
    const [left, drift] = screen.getAllByRole("alert");
    expect(left).toHaveTextContent("Not with this key.");
    expect(drift).toHaveTextContent("It has no record. Add a management key.");
  });
});
