import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import ToastViewport from "@/components/toast-viewport";
import type { Session } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { storedSession } from "@/testing/stored";
import { renderInApp } from "@/testing/render";
import { usePendingDeletes } from "./delete-session";
import { SessionList } from "./session-list";

let api: FakeApi;
let stored: Session[];

beforeEach(() => {
  usePendingDeletes.setState({ ids: new Set() });
  stored = [
    storedSession({ id: "a", title: "Alpha" }),
    storedSession({ id: "b", title: "Beta", running_generation_id: "g1" }),
    storedSession({ id: "c", title: "Gamma", pinned: true }),
  ];
  api = new FakeApi().on("GET /api/sessions", () => ({ items: stored, next_cursor: null }));
});

async function show() {
  await renderInApp(
    <>
      <SessionList />
      <ToastViewport />
    </>,
  );
}

it("lists chats by date with pinned ones on top", async () => {
  await show();
  const groups = await screen.findAllByRole("heading", { level: 2 });
  expect(groups.map(({ textContent }) => textContent)).toEqual(["Pinned", "Today"]);
  expect(screen.getAllByRole("link").map(({ textContent }) => textContent)).toEqual([
    "Gamma",
    "Alpha",
    "Beta",
  ]);
});

it("marks the chat that is answering", async () => {
  await show();
  const row = await screen.findByRole("link", { name: /Beta/ });
  expect(within(row).getByRole("img", { name: "answering now" })).toBeInTheDocument();
});

it("says what to do when there are none, and when none matches", async () => {
  stored = [];
  await show();
  expect(await screen.findByText("Chats you start are kept here.")).toBeVisible();
  await userEvent.type(screen.getByRole("searchbox"), "zzz");
  expect(await screen.findByText("No chat matches “zzz”.")).toBeVisible();
});

it("offers to try again when the list cannot be loaded", async () => {
  let fails = true;
  api.on("GET /api/sessions", () =>
    fails ? new Refusal(503, "store_busy") : { items: stored, next_cursor: null },
  );
  await show();
  fails = false;
  await userEvent.click(await screen.findByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "Alpha" })).toBeVisible();
});

it("renames with F2 and Enter, and gives the focus back", async () => {
  api.on("PATCH /api/sessions/a", ({ body }) => ({ ...stored[0], ...(body as object) }));
  await show();
  (await screen.findByRole("link", { name: "Alpha" })).focus();
  await userEvent.keyboard("{F2}Omega{Enter}");
  await waitFor(() =>
    expect(api.callsTo("PATCH /api/sessions/a")[0]?.body).toEqual({ title: "Omega", revision: 3 }),
  );
  await waitFor(() => expect(screen.getByRole("link", { name: "Alpha" })).toHaveFocus());
});

it("drops a rename with Escape", async () => {
  await show();
  (await screen.findByRole("link", { name: "Alpha" })).focus();
  await userEvent.keyboard("{F2}Omega{Escape}");
  expect(await screen.findByRole("link", { name: "Alpha" })).toBeVisible();
  expect(api.calls.filter(({ method }) => method === "PATCH")).toEqual([]);
});

it("makes a rename on top of somebody else's change", async () => {
  let attempts = 0;
  api
    .on("PATCH /api/sessions/a", ({ body }) => {
      attempts += 1;
      return attempts === 1 ? new Refusal(409, "stale") : { ...stored[0], ...(body as object) };
    })
    .on("GET /api/sessions/a", () => ({ ...stored[0], revision: 8 }));
  await show();
  (await screen.findByRole("link", { name: "Alpha" })).focus();
  await userEvent.keyboard("{F2}Omega{Enter}");
  await waitFor(() => expect(api.callsTo("PATCH /api/sessions/a")).toHaveLength(2));
  expect(api.callsTo("PATCH /api/sessions/a")[1]?.body).toEqual({ title: "Omega", revision: 8 });
});

it("takes a deleted chat back with Undo, and then never deletes it", async () => {
  await show();
  (await screen.findByRole("link", { name: "Alpha" })).focus();
  await userEvent.keyboard("{Delete}");
  expect(screen.queryByRole("link", { name: "Alpha" })).toBeNull();
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByRole("link", { name: "Alpha" })).toBeVisible();
  expect(api.calls.filter(({ method }) => method === "DELETE")).toEqual([]);
});

it("deletes once the toast is gone", async () => {
  api.on("DELETE /api/sessions/a", () => {
    stored = stored.filter(({ id }) => id !== "a");
    return null;
  });
  await show();
  (await screen.findByRole("link", { name: "Alpha" })).focus();
  await userEvent.keyboard("{Delete}");
  await userEvent.click(await screen.findByLabelText("Dismiss"));
  await waitFor(() => expect(api.callsTo("DELETE /api/sessions/a")).toHaveLength(1));
  await waitFor(() => expect(usePendingDeletes.getState().ids.size).toBe(0));
  expect(screen.queryByRole("link", { name: "Alpha" })).toBeNull();
});

it("brings a chat back that could not be deleted, and says so", async () => {
  api.on("DELETE /api/sessions/a", () => new Refusal(503, "restoring", "A restore is running."));
  await show();
  (await screen.findByRole("link", { name: "Alpha" })).focus();
  await userEvent.keyboard("{Delete}");
  await userEvent.click(await screen.findByLabelText("Dismiss"));
  // Once to be seen, and once in the alert that is read out.
  expect(await screen.findAllByText("“Alpha” was not deleted")).not.toHaveLength(0);
  expect(await screen.findByRole("link", { name: "Alpha" })).toBeVisible();
});
