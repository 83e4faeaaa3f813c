import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { FakeApi } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedMessage } from "@/testing/stored";
import { AssistantMessage } from "./assistant-message";

it("lists every call to the provider in its details", async () => {
  const at = "2026-01-02T03:04:05.678Z";
  new FakeApi().on("GET /api/generations/g-answer", () => ({
    model: "openai/gpt-5-mini",
    provider: "openrouter",
    params: { temperature: 0.7, tools: [{}] },
    context: null,
    usage: null,
    attempts: [
      { at, status: 429, error_code: "upstream_rate_limited", waited_ms: 0 },
      { at: "2026-01-02T03:04:08.078Z", status: 200, error_code: null, waited_ms: 2400 },
    ],
  }));
  const message = storedMessage({ content: "Yes.", parts: [{ type: "text", text: "Yes." }] });
  await renderInApp(<AssistantMessage message={message} isLast />);
  const toggle = screen.getByRole("button", { name: "Details" });
  expect(toggle).toHaveAttribute("aria-expanded", "false");
  await userEvent.click(toggle);
  expect(await screen.findByText("1. Too many requests for the provider (429)")).toBeVisible();
  expect(screen.getByText("2. after 2.4 s: answered")).toBeVisible();
  expect(screen.getByText("temperature 0.7")).toBeVisible();
});
