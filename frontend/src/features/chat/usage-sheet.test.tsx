import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedSession } from "@/testing/stored";
import { storedTotals } from "@/testing/stored-usage";
import UsageSheet from "./usage-sheet";

const session = storedSession({
  created_at: "2026-01-02T23:00:00.000Z",
  updated_at: "2026-02-03T01:00:00.000Z",
});
const show = () => renderInApp(<UsageSheet session={session} onClose={() => {}} />);

it("splits what a chat cost by model, to the last digit, and leads to its calls", async () => {
  new FakeApi().on("GET /api/usage/sessions/s1", () => ({
    session_id: "s1",
    totals: storedTotals({ calls: 3, cost_usd: 0.300000000001, unknown_calls: 1 }),
    branch: storedTotals({ calls: 1, cost_usd: 0.1 }),
    by_model: [
      { model: "openai/gpt-5", ...storedTotals({ calls: 2, cost_usd: 0.200000000001 }) },
      { model: "qwen/qwen3", ...storedTotals({ calls: 1, cost_usd: 0.1, unknown_calls: 1 }) },
    ],
  }));
  await show();
  const sheet = await screen.findByRole("dialog", { name: "What this chat cost" });
  const parts = within(await within(sheet).findByRole("list", { name: "By model" }));
  expect(parts.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual([
    "openai/gpt-5$0.2000000000012 calls · 0 tokens in, 0 out",
    "qwen/qwen3$0.10 + ?1 call · 0 tokens in, 0 out · 1 of unknown cost",
  ]);
  expect(sheet).toHaveTextContent("In all$0.300000000001 + ?");
  expect(sheet).toHaveTextContent("The versions that are shown$0.10");
  const href = within(sheet).getByRole("link", { name: "Every call of it" }).getAttribute("href");
  expect(Object.fromEntries(new URLSearchParams(href?.split("?")[1]))).toEqual({
    view: "calls",
    session_id: "s1",
    from: "2026-01-01",
    to: "2026-02-04",
  });
});

it("says why it has no figures", async () => {
  new FakeApi().on("GET /api/usage/sessions/s1", () => new Refusal(503, "restoring", "Wait."));
  await show();
  expect(await screen.findByRole("alert")).toHaveTextContent("Wait.");
});
