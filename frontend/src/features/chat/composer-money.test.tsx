import { screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";
import type { Budget } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedBudget } from "@/testing/stored-usage";
import { budgetsOf } from "./budget-notes";
import ComposerMoney from "./composer-money";

const COUNTED = { sessionId: "s1", model: "openai/gpt-5", profile_id: 3 };
const BODY = { content: "Hello", session_id: "s1" };

let api: FakeApi;
let budgets: Budget[];
let banner: HTMLElement;

beforeEach(() => {
  budgets = [];
  banner = document.createElement("div");
  document.body.append(banner);
  api = new FakeApi().on("GET /api/budgets", () => ({ items: budgets }));
  return () => banner.remove();
});

const estimate = {
  model: "openai/gpt-5",
  prompt_tokens: 1234,
  completion_tokens: { low: 100, high: 2048 },
  cost_usd: { low: 0.001, high: 0.0204 },
  why_unknown: null,
  basis: { prompt: "estimate", completion: "history", history_calls: 12 },
  budgets: [{ id: "b1", remaining_usd: 1, would_refuse: false }],
};

const show = (body: typeof BODY | null = BODY) =>
  renderInApp(<ComposerMoney counted={COUNTED} body={body} banner={banner} />);

it("tells the range of what would be sent", async () => {
  api.on("POST /api/estimate", () => estimate);
  await show();
  expect(await screen.findByText("About $0.001 to $0.02")).toBeVisible();
  expect(api.callsTo("POST /api/estimate").map(({ body }) => body)).toEqual([BODY]);
});

it("says when that is more than a budget leaves", async () => {
  const refusing = { ...estimate.budgets[0], would_refuse: true };
  api.on("POST /api/estimate", () => ({ ...estimate, budgets: [refusing] }));
  await show();
  expect(await screen.findByText(/more than a budget leaves/)).toBeVisible();
});

it.each([
  ["the price is not known", () => ({ ...estimate, cost_usd: null, why_unknown: "No price." })],
  ["it is refused", () => new Refusal(503, "restoring")],
])("is quiet where %s", async (_, reply) => {
  api.on("POST /api/estimate", reply);
  await show();
  await waitFor(() => expect(api.callsTo("POST /api/estimate")).toHaveLength(1));
  await waitFor(() => expect(api.callsTo("GET /api/budgets")).toHaveLength(1));
  expect(screen.queryByText(/About/)).toBeNull();
  expect(screen.queryByRole("alert")).toBeNull();
});

it("asks for nothing while nothing is written", async () => {
  await show(null);
  await waitFor(() => expect(api.callsTo("GET /api/budgets")).toHaveLength(1));
  expect(api.callsTo("POST /api/estimate")).toEqual([]);
});

it("says that a hard budget refuses, and where to raise it", async () => {
  budgets = [storedBudget({ state: "exceeded", spent_usd: 10, remaining_usd: 0 })];
  await show(null);
  const status = await screen.findByRole("status");
  expect(banner).toContainElement(status);
  expect(status).toHaveTextContent("The budget is used up: $10.00 of $10.00 spent this month");
  expect(screen.getByRole("link", { name: "Raise it" })).toHaveAttribute(
    "href",
    expect.stringContaining("view=budgets"),
  );
});

it("only mentions a soft one, and one that warns", async () => {
  budgets = [
    storedBudget({ state: "exceeded", hard: false, spent_usd: 11, remaining_usd: -1 }),
    storedBudget({ id: "b2", state: "warned", name: "Other" }),
  ];
  await show(null);
  expect(await screen.findByRole("link")).toHaveTextContent("$11.00 of $10.00 spent this month");
  expect(banner).toBeEmptyDOMElement();
});

it("knows which budgets the next message is counted by, the nearest to its end first", () => {
  const of = (id: string, change: Partial<Budget>): Budget => storedBudget({ id, ...change });
  const all = [
    of("all", { kind: "all", remaining_usd: 9 }),
    of("chat", { kind: "purpose", of: "chat", remaining_usd: 1 }),
    of("title", { kind: "purpose", of: "title" }),
    of("session", { kind: "session", of: "s1", remaining_usd: 5 }),
    of("other session", { kind: "session", of: "s2" }),
    of("model", { kind: "model", of: "openai/gpt-5", remaining_usd: 4 }),
    of("other model", { kind: "model", of: "openai/gpt-5-mini" }),
    of("profile", { kind: "profile", of: "3", remaining_usd: 3 }),
    of("token", { kind: "token", of: "t1" }),
  ];
  const counted = ["chat", "profile", "model", "session", "all"];
  expect(budgetsOf(all, COUNTED).map(({ id }) => id)).toEqual(counted);
  const fresh = { sessionId: null, model: null, profile_id: null };
  expect(budgetsOf(all, fresh).map(({ id }) => id)).toEqual(["chat", "all"]);
});
