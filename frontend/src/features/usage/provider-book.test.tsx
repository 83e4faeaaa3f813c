import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedUsageRow } from "@/testing/stored-usage";
import { UsageScreen } from "./usage-screen";

const DAY = "2026-11-20";

let api: FakeApi;

const show = (search: string) => renderInApp(<UsageScreen />, `/app/usage${search}`);
const credits = { total_credits_usd: 50, total_usage_usd: 20.5, remaining_usd: 29.5 };

beforeEach(() => {
  api = new FakeApi().on("GET /api/usage/credits", () => ({
    ...credits,
    at: new Date().toISOString(),
  }));
});

it("tells what is left, and what differs with its rows", async () => {
  const sums = {
    day: DAY,
    model: "openai/gpt-5",
    ours_usd: 0.1,
    theirs_usd: 0.11,
    unknown_calls: 1,
  };
  api.on("GET /api/usage/drift", ({ query }) => ({
    from: query.get("from"),
    to: query.get("to"),
    days: [
      {
        ...sums,
        difference_usd: 0.01,
        verdict: "differs",
        our_calls: 2,
        their_calls: 2,
        rows: [storedUsageRow()],
      },
      {
        ...sums,
        model: "same",
        difference_usd: 0,
        verdict: "same",
        our_calls: 1,
        their_calls: 1,
        rows: [],
      },
    ],
    rounding_usd: 0,
    not_compared: [{ reason: "not_told_yet", message: "Today is not over.", from: DAY, to: DAY }],
  }));
  await show("?view=provider");
  expect(await screen.findByText("$29.50")).toBeVisible();
  const [first, ...others] = await screen.findAllByRole("listitem");
  expect(first).toHaveTextContent("Nov 20: Today is not over.");
  expect(others).toHaveLength(1);
  expect(others[0]).toHaveTextContent(
    "ours $0.10 in 2 · theirs $0.11 in 2 · 1 of unknown cost+$0.01",
  );
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
