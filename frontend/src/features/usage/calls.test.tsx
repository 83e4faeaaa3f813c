import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { type Call, FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedUsageRow } from "@/testing/stored-usage";
import { UsageScreen } from "./usage-screen";

const DAY = "2026-11-20";

let api: FakeApi;

beforeEach(() => {
  api = new FakeApi().on("GET /api/usage", () => ({
    items: [storedUsageRow()],
    next_cursor: null,
    total: 1,
  }));
});

const show = (search: string) => renderInApp(<UsageScreen />, `/app/usage${search}`);
const rows = () => screen.findAllByRole("listitem", { name: /^Call of/ });

it("calls are narrowed by what the address says, and exported by the same", async () => {
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
  expect(api.callsTo("GET /api/usage").map(({ query }) => Object.fromEntries(query))).toEqual([
    { ...asked, limit: "50", count: "1" },
  ]);
  await userEvent.click(screen.getByRole("button", { name: "Export as CSV" }));
  await waitFor(() => expect(opened).not.toBe(""));
  expect(api.callsTo("POST /api/admin/tickets")[0]?.body).toEqual({ path: "/api/usage/export" });
  const address = new URL(opened);
  expect(address.pathname).toBe("/api/usage/export");
  expect(Object.fromEntries(address.searchParams)).toEqual({
    ...asked,
    format: "csv",
    ticket: "t-1",
  });
});

it("calls lead to their chats, and come page by page", async () => {
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
  expect(screen.getByText("2 entries")).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Show more" }));
  await waitFor(async () => expect(await rows()).toHaveLength(2));
  expect(screen.getAllByRole("link", { name: "Open its chat" })).toHaveLength(1);
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
});

it("calls of unknown cost are never shown as nothing, and are settled as their owner says", async () => {
  let row = storedUsageRow({ state: "unknown", cost_usd: null });
  api
    .on("GET /api/usage", () => ({ items: [row], next_cursor: null, total: 1 }))
    .on("POST /api/usage/u1/decision", ({ body }) => {
      row = {
        ...row,
        state: "reconciled",
        decision: "cost",
        cost_usd: Number((body as { cost_usd: string }).cost_usd),
      };
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
  await waitFor(async () =>
    expect((await rows())[0]).toHaveTextContent("$0.010000000001Settled by you"),
  );
  expect(api.callsTo("POST /api/usage/u1/decision")[0]?.body).toEqual({
    cost_usd: "0.010000000001",
  });
  expect(screen.queryByRole("button", { name: "Decide" })).toBeNull();
});

it("calls may be written off, and keep the form when that is refused", async () => {
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

it("a call that failed says so beside what it cost all the same", async () => {
  api.on("GET /api/usage", () => ({
    items: [storedUsageRow({ is_failed: true, decision: "write_off", cost_usd: 0 })],
    next_cursor: null,
    total: 1,
  }));
  await show("?view=calls");
  const row = await screen.findByRole("listitem", { name: /^Call of/ });
  expect(row).toHaveTextContent("Failed");
  expect(row).toHaveTextContent("$0.00Written off by you");
});

it("what was entered by hand is listed, and is not counted as a call", async () => {
  api.on("GET /api/usage", () => ({
    items: [storedUsageRow({ source: "manual", purpose: "manual" })],
    next_cursor: null,
    total: 30,
  }));
  const { unmount } = await show("?view=calls");
  expect(await screen.findByText("30 entries")).toBeVisible();
  unmount();
  await show("?view=calls&source=call");
  expect(await screen.findByText("30 calls")).toBeVisible();
});

it("the time of a call is that of its owner's zone, as its day is", async () => {
  api
    .on("GET /api/settings", () => ({ time_zone: "Pacific/Kiritimati" }))
    .on("GET /api/usage", () => ({
      items: [storedUsageRow({ created_at: "2026-11-20T23:30:00.000Z" })],
      next_cursor: null,
      total: 1,
    }));
  await show("?view=calls");
  expect((await rows())[0]).toHaveAccessibleName(/^Call of Nov 21, 2026, 1:30\sPM$/);
});

it("what was spent elsewhere is entered by hand, with every digit, once it is whole", async () => {
  api.on("POST /api/usage", () => storedUsageRow({ source: "manual" }));
  await show("?view=calls");
  await rows();
  const opener = screen.getByRole("button", { name: "Enter by hand" });
  await userEvent.click(opener);
  const field = (name: string) => screen.getByRole("textbox", { name });
  expect(field("Model")).toHaveFocus();
  await userEvent.type(field("Model"), "openai/o3");
  await userEvent.type(field("Tokens in"), "1.5{Enter}");
  expect(field("Tokens in")).toHaveAccessibleDescription("Must be a whole number of tokens.");
  expect(field("Tokens out")).toHaveAccessibleDescription("Must be a whole number of tokens.");
  expect(api.callsTo("POST /api/usage")).toEqual([]);
  await userEvent.clear(field("Tokens in"));
  await userEvent.type(field("Tokens in"), "15");
  await userEvent.type(field("Tokens out"), "0");
  await userEvent.type(field("Cost"), "0.010000000001{Enter}");
  await waitFor(() => expect(opener).toHaveFocus());
  expect(screen.queryByRole("form", { name: "New entry" })).toBeNull();
  expect(api.callsTo("POST /api/usage").map(({ body }) => body)).toEqual([
    { model: "openai/o3", prompt_tokens: 15, completion_tokens: 0, cost_usd: "0.010000000001" },
  ]);
  expect(api.callsTo("GET /api/usage")).toHaveLength(2);
});

it("an entry that is refused keeps what was typed", async () => {
  api.on("POST /api/usage", () => new Refusal(409, "conflict", "Its price is not known."));
  await show("?view=calls");
  await userEvent.click(await screen.findByRole("button", { name: "Enter by hand" }));
  await userEvent.type(screen.getByRole("textbox", { name: "Model" }), "nobody/x");
  await userEvent.type(screen.getByRole("textbox", { name: "Tokens in" }), "1");
  await userEvent.type(screen.getByRole("textbox", { name: "Tokens out" }), "1{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("Not saved. Its price is not known.");
  expect(screen.getByRole("textbox", { name: "Model" })).toHaveValue("nobody/x");
});
