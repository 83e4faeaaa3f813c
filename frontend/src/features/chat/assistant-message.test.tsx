import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Message } from "@/client/api";
import { toasts } from "@/components/toasts";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { recordedCase } from "@/testing/fixtures";
import { receiveFrame, seedRun } from "@/lib/stream/run-store";
import { storedMessage } from "@/testing/stored";
import { renderInApp } from "@/testing/render";
import { AssistantMessage } from "./assistant-message";

let api: FakeApi;

beforeEach(() => {
  api = new FakeApi();
});

function show(message: Message, isLast = true) {
  return renderInApp(<AssistantMessage message={message} isLast={isLast} />);
}

function recorded(name: string, change: Partial<Message> = {}): Message {
  const { parts, ...rest } = recordedCase(name).message;
  return storedMessage({ ...rest, parts: [...parts], ...change });
}

it("shows text, model, tokens, exact cost, first token and speed", async () => {
  await show(recorded("usage-cost"));
  const usage = screen.getByRole("list", { name: "Usage" });
  expect(usage).toHaveTextContent(
    ["anthropic/claude-sonnet-4.5", "2,560 tokens", "$1.234567890123", "1.0 s", "39.2 tok/s"].join(
      "",
    ),
  );
});

it("shows an unknown cost as unknown, never as zero", async () => {
  await show(recorded("unknown-cost"));
  const usage = screen.getByRole("list", { name: "Usage" });
  expect(usage).toHaveTextContent("–");
  expect(usage).not.toHaveTextContent("$");
});

it("keeps reasoning closed until the reader opens it", async () => {
  const [reasoning, text] = recordedCase("reasoning").message.parts;
  if (reasoning?.type !== "reasoning" || !text) throw new Error("The recording is another one.");
  await show(recorded("reasoning", { parts: [{ ...reasoning, duration_ms: 12_034 }, text] }));
  const toggle = screen.getByRole("button", { name: "Thought for 12 s" });
  expect(toggle).toHaveAttribute("aria-expanded", "false");
  expect(screen.queryByText(/whether 91 is prime/)).toBeNull();
  await userEvent.click(toggle);
  expect(toggle).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByText(/whether 91 is prime/)).toBeVisible();
});

it("keeps the text of a failed answer and says what to do", async () => {
  await show(recorded("failed-midstream"));
  expect(screen.getByText("The first half of an answer")).toBeVisible();
  expect(screen.getByRole("alert")).toHaveTextContent("The provider failed in mid-answer");
  expect(screen.getByRole("alert")).toHaveTextContent("or pick another model");
  expect(screen.getByRole("button", { name: "Continue" })).toBeVisible();
});

it("offers no Continue where there is nothing to continue", async () => {
  await show(recorded("failed-first-byte"));
  expect(screen.getByRole("alert")).toHaveTextContent("Too many requests for the provider");
  expect(screen.queryByRole("button", { name: "Continue" })).toBeNull();
});

const THOUGHT_ONLY: Partial<Message> = {
  content: "",
  parts: [{ type: "reasoning", text: "Is 91 prime?", duration_ms: null }],
};

it("offers a new answer where an interrupted one has nothing but reasoning", async () => {
  const error = {
    error_code: "interrupted",
    message: "The console was stopped",
    retryable: true,
    hint: "Continue it, or regenerate.",
    request_id: null,
    retry_after_ms: null,
  };
  await show(storedMessage({ ...THOUGHT_ONLY, status: "interrupted", error }));
  expect(screen.getByRole("alert")).toHaveTextContent("The console was stopped.");
  expect(screen.getByRole("alert")).toHaveTextContent("Regenerate for a new answer.");
  expect(screen.getByRole("alert")).not.toHaveTextContent(/continue/i);
  expect(screen.queryByRole("button", { name: "Continue" })).toBeNull();
});

it("does not call reasoning alone a kept text", async () => {
  await show(storedMessage({ ...THOUGHT_ONLY, status: "stopped" }));
  expect(screen.getByText(/Regenerate for a new answer/)).toBeVisible();
  expect(screen.queryByText(/is kept/)).toBeNull();
});

it("keeps an error and its hint apart, and says where another model is picked", async () => {
  const error = {
    error_code: "upstream_model_not_found",
    message: "a is not a valid model ID",
    retryable: false,
    hint: "Pick another model.",
    request_id: null,
    retry_after_ms: null,
  };
  await show(storedMessage({ status: "failed", error }));
  expect(screen.getByText("The provider has no such model")).toBeVisible();
  expect(screen.getByText("a is not a valid model ID.")).toBeVisible();
  expect(screen.getByText(/^Pick another model below/)).toBeVisible();
});

it("says why it waits and counts down to the next try, until a word comes", async () => {
  const message = storedMessage({ status: "running", generation_id: "g-busy", last_seq: 1 });
  seedRun(message);
  await show(message);
  const frame = { generation_id: "g-busy", seq: 2 };
  const retry = {
    attempt: 2,
    error_code: "upstream_rate_limited",
    message: "Slow down",
    wait_ms: 4000,
    at: new Date(Date.now() + 4000).toISOString(),
    max_tokens: null,
  };
  receiveFrame({ ...frame, event: "retry", data: retry });
  const status = await screen.findByRole("status");
  expect(status).toHaveTextContent("Too many requests for the provider. Try 2 in 4 s.");
  await waitFor(() => expect(status).toHaveTextContent("Try 2 in 3 s."), { timeout: 2000 });
  receiveFrame({ ...frame, seq: 3, event: "token", data: { text: "Here I am." } });
  expect(await screen.findByText("Here I am.")).toBeVisible();
  expect(screen.queryByText(/Try 2/)).toBeNull();
});

it("says when the provider takes calls again, as long as that lies ahead", async () => {
  const error = {
    error_code: "upstream_rate_limited",
    message: "Slow down.",
    retryable: true,
    hint: "Wait a little, then regenerate.",
    request_id: null,
    retry_after_ms: 90_000,
  };
  const ended = (ago_ms: number) => new Date(Date.now() - ago_ms).toISOString();
  const { unmount } = await show(
    storedMessage({ status: "failed", error, completed_at: ended(30_000) }),
  );
  expect(screen.getByRole("alert")).toHaveTextContent(/It takes calls again in (1 min|59 s|60 s)/);
  unmount();
  await show(storedMessage({ status: "failed", error, completed_at: ended(91_000) }));
  expect(screen.getByRole("alert")).not.toHaveTextContent("takes calls again");
});

it("leads to the settings when the key is the problem", async () => {
  const error = {
    error_code: "upstream_bad_key",
    message: "The provider does not know this key.",
    retryable: false,
    hint: "Check it.",
    request_id: null,
    retry_after_ms: null,
  };
  await show(storedMessage({ status: "failed", error }));
  expect(screen.getByRole("link", { name: "Open settings" })).toHaveAttribute(
    "href",
    "/app/settings",
  );
});

it.each([
  ["stopped", "Stopped"],
  ["truncated", "Cut off"],
  ["interrupted", "Interrupted"],
])("marks an answer that was %s", async (name, label) => {
  await show(recorded(name));
  expect(screen.getByText(label)).toBeVisible();
});

it("continues a stopped answer", async () => {
  api.on("POST /api/generations/g-answer/continue", () => new Promise(() => {}));
  await show(recorded("stopped"));
  await userEvent.click(screen.getByRole("button", { name: "Continue" }));
  const [call] = api.callsTo("POST /api/generations/g-answer/continue");
  expect(call?.body).toEqual({ request_id: "cont:g-answer:1" });
});

it("names a new answer by what it answers, and lets nothing else start beside it", async () => {
  api.on("POST /api/messages/m-answer/regenerate", () => new Promise(() => {}));
  await show(recorded("failed-midstream", { siblings: ["m-before", "m-answer"] }));
  const buttons = screen.getAllByRole("button", { name: /^(Regenerate|Continue)$/ });
  expect(buttons.length).toBeGreaterThan(2);
  await userEvent.click(screen.getAllByRole("button", { name: "Regenerate" })[0] as HTMLElement);
  await waitFor(() => {
    for (const button of buttons) expect(button).toBeDisabled();
  });
});

it("sends the same id again after a lost reply", async () => {
  const route = "POST /api/messages/m-answer/regenerate";
  api.on(route, () => new TypeError("gone"));
  await show(recorded("plain", { siblings: ["m-before", "m-answer"] }));
  const button = screen.getByRole("button", { name: "Regenerate" });
  await userEvent.click(button);
  await waitFor(() => expect(button).toBeEnabled());
  await userEvent.click(button);
  await waitFor(() => expect(api.callsTo(route)).toHaveLength(2));
  const ids = api.callsTo(route).map(({ body }) => (body as { request_id: string }).request_id);
  expect(ids).toEqual(["regen:m-answer:2", "regen:m-answer:2"]);
});

it.each([
  ["an answer that runs already", () => new Refusal(409, "generation_running")],
  [
    "a replayed answer",
    () => new Response("{}", { status: 200, headers: { "Idempotent-Replayed": "true" } }),
  ],
])("asks for the messages again on %s, without an error", async (_, reply) => {
  api.on("POST /api/messages/m-answer/regenerate", reply);
  const { client } = await show(recorded("plain"));
  const told = vi.spyOn(toasts, "add");
  const refetched = vi.spyOn(client, "invalidateQueries");
  await userEvent.click(screen.getByRole("button", { name: "Regenerate" }));
  await waitFor(() => expect(refetched).toHaveBeenCalledWith({ queryKey: ["messages", "s1"] }));
  expect(told).not.toHaveBeenCalled();
});

it("reads a continued answer as one text", async () => {
  const parts = [
    { type: "text" as const, text: "A **half" },
    { type: "text" as const, text: " and half** answer" },
  ];
  const { container } = await show(storedMessage({ parts, content: "A **half and half** answer" }));
  expect(container.querySelector("strong")).toHaveTextContent("half and half");
});

it("switches between versions of an answer", async () => {
  api
    .on("GET /api/sessions/s1", () => ({ id: "s1", revision: 4 }))
    .on("PATCH /api/sessions/s1", () => ({ id: "s1", revision: 5 }));
  await show(recorded("plain", { siblings: ["m-before", "m-answer", "m-after"] }));
  expect(screen.getByRole("group", { name: "Versions" })).toHaveTextContent("2 / 3");
  await userEvent.click(screen.getByRole("button", { name: "Next version" }));
  expect(api.callsTo("PATCH /api/sessions/s1")[0]?.body).toEqual({
    active_leaf_id: "m-after",
    revision: 4,
  });
});
