import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { UnreachableError } from "@/client/http";
import { useChannelStatus } from "@/lib/stream/live";
import type { ChannelStatus } from "@/lib/stream/live-channel";
import { FakeApi } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { Composer } from "./composer";
import type { NewTurn } from "./turns";

const DRAFT = "/api/sessions/s1/draft";

let api: FakeApi;
let sent: NewTurn[];
/** What the server does with the next turn. */
let accept: () => Promise<void>;

beforeEach(() => {
  localStorage.clear();
  useChannelStatus.setState({ state: "closed" } as ChannelStatus, true);
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  api = new FakeApi()
    .on(`GET ${DRAFT}`, () => ({ text: "", parts: [] }))
    .on(`PATCH ${DRAFT}`, ({ body }) => body);
  sent = [];
  accept = async () => {};
});

async function renderComposer(change: { running?: string; session?: string | null } = {}) {
  await renderInApp(
    <Composer
      sessionId={change.session === undefined ? "s1" : change.session}
      session={undefined}
      runningGenerationId={change.running ?? null}
      onSend={(turn) => {
        sent.push(turn);
        return accept();
      }}
    />,
  );
  return screen.getByRole("textbox", { name: "Message" });
}

it("has the focus when it opens", async () => {
  expect(await renderComposer()).toHaveFocus();
});

it("sends with Enter and is empty once the server has the turn", async () => {
  const field = await renderComposer();
  await userEvent.type(field, "Hello{Shift>}{Enter}{/Shift}there{Enter}");
  expect(sent).toEqual([
    {
      session_id: "s1",
      content: "Hello\nthere",
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    },
  ]);
  await waitFor(() => expect(field).toHaveValue(""));
  expect(field).toHaveFocus();
});

it("keeps the text until the server has accepted it", async () => {
  let release = (): void => {};
  accept = () => new Promise((resolve) => (release = resolve));
  const field = await renderComposer();
  await userEvent.type(field, "Hello{Enter}");
  expect(field).toHaveValue("Hello");
  release();
  await waitFor(() => expect(field).toHaveValue(""));
});

it("does not send blanks, and not twice", async () => {
  accept = () => new Promise(() => {});
  const field = await renderComposer();
  expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  await userEvent.type(field, "  {Enter}");
  expect(sent).toHaveLength(0);
  await userEvent.type(field, "Hello{Enter}{Enter}{Enter}");
  expect(sent).toHaveLength(1);
});

it("keeps the text of a failed send, and sends it again under the same id", async () => {
  accept = () => Promise.reject(new UnreachableError("gone"));
  const field = await renderComposer();
  await userEvent.type(field, "Hello{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("The console does not answer");
  expect(field).toHaveValue("Hello");
  accept = async () => {};
  await userEvent.click(screen.getByRole("button", { name: "Send again" }));
  await waitFor(() => expect(field).toHaveValue(""));
  expect(sent).toHaveLength(2);
  expect(sent[1]?.request_id).toBe(sent[0]?.request_id);
  expect(screen.queryByRole("alert")).toBeNull();
});

it("takes a new id for another text", async () => {
  accept = () => Promise.reject(new UnreachableError("gone"));
  const field = await renderComposer();
  await userEvent.type(field, "Hello{Enter}");
  await screen.findByRole("alert");
  await userEvent.type(field, " you{Enter}");
  await waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]?.request_id).not.toBe(sent[0]?.request_id);
});

it("restores the stored draft", async () => {
  api.on(`GET ${DRAFT}`, () => ({ text: "Half a thou", parts: [] }));
  const field = await renderComposer();
  await waitFor(() => expect(field).toHaveValue("Half a thou"));
});

it("asks again for a draft that could not be read once the channel is back", async () => {
  api.on(`GET ${DRAFT}`, () => new TypeError("gone"));
  const field = await renderComposer();
  await waitFor(() => expect(api.callsTo(`GET ${DRAFT}`)).toHaveLength(1));
  api.on(`GET ${DRAFT}`, () => ({ text: "Half a thou", parts: [] }));
  act(() => useChannelStatus.setState({ state: "open" } as ChannelStatus, true));
  await waitFor(() => expect(field).toHaveValue("Half a thou"));
});

it("does not let a late draft overwrite what was typed meanwhile", async () => {
  let answer: (draft: unknown) => void = () => {};
  api.on(`GET ${DRAFT}`, () => new Promise((resolve) => (answer = resolve)));
  const field = await renderComposer();
  await userEvent.type(field, "New");
  answer({ text: "Old", parts: [] });
  await Promise.resolve();
  expect(field).toHaveValue("New");
});

it("stores the draft once for a burst of typing, and empties it after sending", async () => {
  const field = await renderComposer();
  await userEvent.type(field, "Hello");
  await waitFor(() => expect(api.callsTo(`PATCH ${DRAFT}`)).toHaveLength(1));
  expect(api.callsTo(`PATCH ${DRAFT}`)[0]?.body).toEqual({ text: "Hello" });
  await userEvent.type(field, "{Enter}");
  await waitFor(() => expect(api.callsTo(`PATCH ${DRAFT}`)).toHaveLength(2));
  expect(api.callsTo(`PATCH ${DRAFT}`)[1]?.body).toEqual({ text: "" });
});

it("keeps a draft that could not be stored, and stores it when the channel is back", async () => {
  api.on(`PATCH ${DRAFT}`, () => new TypeError("gone"));
  await userEvent.type(await renderComposer(), "Hello");
  await waitFor(() => expect(api.callsTo(`PATCH ${DRAFT}`)).toHaveLength(1));
  expect(localStorage.getItem("console.draft.s1")).toBe("Hello");
  api.on(`PATCH ${DRAFT}`, ({ body }) => body);
  act(() => useChannelStatus.setState({ state: "open" } as ChannelStatus, true));
  await waitFor(() => expect(localStorage.getItem("console.draft.s1")).toBeNull());
  expect(api.callsTo(`PATCH ${DRAFT}`).at(-1)?.body).toEqual({ text: "Hello" });
});

it("tries again by itself to store a draft", async () => {
  api.on(`PATCH ${DRAFT}`, () => new TypeError("gone"));
  await userEvent.type(await renderComposer(), "Hello");
  await waitFor(() => expect(api.callsTo(`PATCH ${DRAFT}`)).toHaveLength(1));
  await waitFor(() => expect(api.callsTo(`PATCH ${DRAFT}`)).toHaveLength(2), { timeout: 3_000 });
});

it("restores what the server never got, and gives it to the server", async () => {
  localStorage.setItem("console.draft.s1", "Newer");
  api.on(`GET ${DRAFT}`, () => ({ text: "Older", parts: [] }));
  const field = await renderComposer();
  expect(field).toHaveValue("Newer");
  await waitFor(() => expect(localStorage.getItem("console.draft.s1")).toBeNull());
  expect(api.callsTo(`PATCH ${DRAFT}`)[0]?.body).toEqual({ text: "Newer" });
});

it("stops the running answer with its button and with Escape, and sends nothing meanwhile", async () => {
  api.on("POST /api/generations/g1/stop", () => ({ id: "g1", status: "stopping" }));
  const field = await renderComposer({ running: "g1" });
  expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
  await userEvent.type(field, "Next{Enter}");
  expect(sent).toHaveLength(0);
  await userEvent.click(screen.getByRole("button", { name: "Stop (Escape)" }));
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(api.callsTo("POST /api/generations/g1/stop")).toHaveLength(2));
  expect(field).toHaveFocus();
});
