import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import type { Budget } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedBudget } from "@/testing/stored-usage";
import { Budgets } from "./budgets";

let api: FakeApi;
let budgets: Budget[];

beforeEach(() => {
  budgets = [storedBudget()];
  api = new FakeApi()
    .on("GET /api/budgets", () => ({ items: budgets }))
    .on("POST /api/budgets", ({ body }) => {
      const made = storedBudget({ ...(body as object), id: "b2", limit_usd: 2.5 });
      budgets = [...budgets, made];
      return made;
    });
});

const show = () => renderInApp(<Budgets />);
const row = (name: string) => screen.findByRole("listitem", { name: `Budget: ${name}` });

it("says of each how much is gone, held and left, and when it is used up", async () => {
  budgets = [
    storedBudget({ reserved_usd: 1, remaining_usd: 6.5 }),
    storedBudget({
      id: "b2",
      name: "Thinking",
      kind: "model",
      of: "openai/o3",
      period: "day",
      hard: false,
      state: "exceeded",
      spent_usd: 12,
      remaining_usd: -2,
    }),
  ];
  await show();
  const all = await row("Everything");
  expect(all).toHaveTextContent("$2.50 of $10.00 this month, and $1.00 held$6.50 left");
  expect(all).toHaveTextContent("Refuses calls past it · warns at 80%");
  expect(within(all).getByRole("img", { name: "25% spent" })).toBeVisible();
  const thinking = await row("Thinking");
  expect(thinking).toHaveTextContent("Used up");
  expect(thinking).toHaveTextContent("openai/o3 · Only tells");
  expect(thinking).toHaveTextContent("$12.00 of $10.00 today$2.00 over the limit");
});

it("makes one with every digit that was typed", async () => {
  await show();
  await row("Everything");
  await userEvent.click(screen.getByRole("button", { name: "New budget" }));
  const limit = screen.getByRole("textbox", { name: "Limit" });
  expect(limit).toHaveFocus();
  await userEvent.type(limit, "-1{Enter}");
  expect(limit).toHaveAccessibleDescription("Must be an amount, such as 2.50.");
  await userEvent.clear(limit);
  await userEvent.type(limit, "2.500000000001");
  await userEvent.click(screen.getByRole("radio", { name: "A day" }));
  await userEvent.clear(screen.getByRole("textbox", { name: "Warn at" }));
  await userEvent.click(screen.getByRole("switch", { name: /^Refuse/ }));
  await userEvent.type(screen.getByRole("textbox", { name: "Name" }), "Pocket money{Enter}");
  expect(await row("Pocket money")).toBeVisible();
  expect(api.callsTo("POST /api/budgets").map(({ body }) => body)).toEqual([
    {
      kind: "all",
      of: null,
      period: "day",
      limit_usd: "2.500000000001",
      warn_at: null,
      hard: false,
      name: "Pocket money",
    },
  ]);
  await waitFor(() => expect(screen.getByRole("button", { name: "New budget" })).toHaveFocus());
});

it("raises one, on top of what was seen", async () => {
  api.on("PATCH /api/budgets/b1", ({ body }) => {
    budgets = [storedBudget({ ...(body as object), limit_usd: 20, revision: 2 })];
    return budgets[0];
  });
  await show();
  await row("Everything");
  await userEvent.click(screen.getByRole("button", { name: "Edit Everything" }));
  const limit = screen.getByRole("textbox", { name: "Limit" });
  expect(limit).toHaveValue("10");
  expect(screen.queryByText("For")).toBeNull();
  await userEvent.clear(limit);
  await userEvent.type(limit, "20{Enter}");
  await waitFor(async () => expect(await row("Everything")).toHaveTextContent("of $20.00"));
  expect(api.callsTo("PATCH /api/budgets/b1")[0]?.body).toEqual({
    period: "month",
    limit_usd: "20",
    warn_at: 0.8,
    hard: true,
    name: null,
    revision: 1,
  });
});

it("keeps what was typed when it is refused, with the server's words", async () => {
  api.on("POST /api/budgets", () => new Refusal(409, "conflict", "There is such a budget."));
  await show();
  await userEvent.click(screen.getByRole("button", { name: "New budget" }));
  await userEvent.type(screen.getByRole("textbox", { name: "Limit" }), "1{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("Not saved. There is such a budget.");
  expect(screen.getByRole("textbox", { name: "Limit" })).toHaveValue("1");
});

it("deletes one after a question", async () => {
  api.on("DELETE /api/budgets/b1", () => {
    budgets = [];
    return new Response(null, { status: 204 });
  });
  await show();
  await row("Everything");
  await userEvent.click(screen.getByRole("button", { name: "Delete Everything" }));
  const question = await screen.findByRole("alertdialog");
  expect(question).toHaveTextContent("$10.00");
  expect(api.callsTo("DELETE /api/budgets/b1")).toEqual([]);
  await userEvent.click(within(question).getByRole("button", { name: "Delete budget" }));
  expect(await screen.findByText(/calls are not limited/)).toBeVisible();
});
