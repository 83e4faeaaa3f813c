import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import type { Backup } from "@/client/api";
import { FakeApi, Refusal } from "@/testing/fake-api";
import { renderInApp } from "@/testing/render";
import { storedBackup, storedSchedule } from "@/testing/stored";
import { BackupsScreen } from "./backups-screen";
import { useMaking } from "./making";

const NAME = storedBackup().name;
const PATH = `/api/admin/backups/${NAME}`;

let api: FakeApi;
let backups: Backup[];

beforeEach(() => {
  useMaking.setState({ state: "idle" }, true);
  backups = [storedBackup()];
  api = new FakeApi()
    .on("GET /api/admin/backups", () => ({ items: backups, next_cursor: null }))
    .on("GET /api/admin/backups/schedule", () => storedSchedule());
});

const show = () => renderInApp(<BackupsScreen />);
const row = () => screen.findByRole("listitem", { name: /^Backup of/ });

/** A backup whose events the test sends. */
function controlledBackup() {
  let send: (text: string) => void = () => {};
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      send = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
  });
  api.on("POST /api/admin/backups", () => new Response(body));
  return (name: string, data: unknown) =>
    send(`event: ${name}\r\ndata: ${JSON.stringify(data)}\r\n\r\n`);
}

it("lists what there is: how it was made, how much is in it, when it was checked", async () => {
  backups = [storedBackup({ kind: "before_restore", verified_at: null })];
  await show();
  expect(await row()).toHaveTextContent(/Before a restore1\.2 MB · 12 chats, 340 messages/);
  expect(await row()).toHaveTextContent("never checked");
});

it("lists a file that somebody put there, of which nothing was noted", async () => {
  backups = [storedBackup({ counts: null, sha256: null, verified_at: null, schema_version: null })];
  await show();
  expect(await row()).toHaveTextContent(/1\.2 MB · never checked/);
});

it("says what to do when there is none, and when they cannot be listed", async () => {
  backups = [];
  const { unmount } = await show();
  expect(await screen.findByText(/No backup yet/)).toBeVisible();
  unmount();
  api.on("GET /api/admin/backups", () => new Refusal(503, "backups_unavailable"));
  await show();
  expect(await screen.findByRole("alert")).toHaveTextContent("could not be listed");
});

it("shows how far a new backup is, and then the backup", async () => {
  const event = controlledBackup();
  await show();
  await row();
  await userEvent.click(screen.getByRole("button", { name: "Back up now" }));
  event("progress", { phase: "copying", done_bytes: 500_000, total_bytes: 2_000_000 });
  expect(await screen.findByText("500 kB of 2.0 MB")).toBeVisible();
  expect(screen.getByRole("progressbar", { name: "Backup" })).toHaveAttribute("value", "500000");
  backups = [storedBackup({ name: "console_backup_2026-01-03_00-00-00.db" }), ...backups];
  event("done", {});
  await waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(2));
  expect(screen.queryByRole("progressbar")).toBeNull();
});

it("says why no backup was made", async () => {
  const event = controlledBackup();
  await show();
  await userEvent.click(screen.getByRole("button", { name: "Back up now" }));
  event("error", {
    error_code: "disk_full",
    message: "The disk is full.",
    request_id: "req-7",
    details: { hint: "Make room." },
  });
  const alert = await screen.findByRole("alert");
  expect(alert).toHaveTextContent(/No backup was made\. The disk is full\. Make room\./);
  expect(within(alert).getByRole("button", { name: "Try again" })).toBeEnabled();
});

it("says what is wrong with a backup that does not pass its check", async () => {
  api.on(`POST ${PATH}/verify`, () => new Refusal(409, "backup_damaged", "It has changed."));
  await show();
  await userEvent.click(within(await row()).getByRole("button", { name: /^Check/ }));
  expect(await within(await row()).findByRole("alert")).toHaveTextContent("It has changed.");
});

it("deletes one after a question, and the keyboard stays on the list", async () => {
  api.on(`DELETE ${PATH}`, () => {
    backups = [];
    return new Response(null, { status: 204 });
  });
  await show();
  await userEvent.click(within(await row()).getByRole("button", { name: "Delete" }));
  const question = await screen.findByRole("alertdialog");
  expect(question).toHaveTextContent(NAME);
  expect(api.callsTo(`DELETE ${PATH}`)).toHaveLength(0);
  await userEvent.click(within(question).getByRole("button", { name: "Delete backup" }));
  expect(await screen.findByText(/No backup yet/)).toBeVisible();
  expect(screen.getByRole("heading", { name: "Kept here" })).toHaveFocus();
});

describe("restoring", () => {
  const summary = {
    dry_run: true,
    source: { name: NAME, size_bytes: 1_234_567, schema_version: 6, seed_schema: false },
    diff: {
      settings: { now: 0, backup: 0, after: 0 },
      messages: { now: 400, backup: 340, after: 340 },
      sessions: { now: 12, backup: 12, after: 12 },
      usage_logs: { now: 7, backup: 9, after: 10 },
    },
    safety_backup: null,
    warnings: ["Three messages of a newer version are left out."],
  };
  const bodies = () => api.callsTo("POST /api/admin/restore").map(({ body }) => body);

  it("shows first what would change, and asks before it does", async () => {
    api.on("POST /api/admin/restore", ({ body }) =>
      (body as { dry_run: boolean }).dry_run
        ? summary
        : { ...summary, dry_run: false, safety_backup: "console_backup_before_restore_x.db" },
    );
    await show();
    await userEvent.click(within(await row()).getByRole("button", { name: /^Restore/ }));
    const sheet = await screen.findByRole("dialog", { name: "Restore a backup" });
    expect(await within(sheet).findByRole("list", { name: "Warnings" })).toHaveTextContent(
      "newer version",
    );
    const rows = within(sheet)
      .getAllByRole("row")
      .map(({ textContent }) => textContent);
    expect(rows).toEqual([
      "KindNowIn the backupAfterChange",
      "chats121212none",
      "messages400340340−60",
      "paid calls7910+3",
    ]);
    await userEvent.click(within(sheet).getByRole("button", { name: "Restore…" }));
    const question = await screen.findByRole("alertdialog");
    expect(question).toHaveTextContent("first kept as a backup of its own");
    expect(bodies()).toEqual([{ name: NAME, dry_run: true }]);
    await userEvent.click(within(question).getByRole("button", { name: "Restore" }));
    expect(await within(sheet).findByText("console_backup_before_restore_x.db")).toBeVisible();
    expect(bodies()[1]).toEqual({ name: NAME, dry_run: false });
    await userEvent.click(within(sheet).getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("says why a file is refused, with nothing left to press", async () => {
    api.on(
      "POST /api/admin/restore",
      () =>
        new Refusal(422, "backup_refused", "This is no backup.", { reason: "It has a trigger" }),
    );
    await show();
    const file = new File(["hello"], "notes.db");
    await userEvent.upload(screen.getByLabelText("Backup file"), file);
    const sheet = await screen.findByRole("dialog", { name: "Restore a backup" });
    const alert = await within(sheet).findByRole("alert");
    expect(alert).toHaveTextContent(
      /It cannot be restored\. This is no backup\. It has a trigger\./,
    );
    expect(within(alert).queryByRole("button")).toBeNull();
    expect(within(sheet).getByRole("button", { name: "Restore…" })).toBeDisabled();
    const [form] = bodies() as [FormData];
    expect(form.get("dry_run")).toBe("true");
    expect((form.get("file") as File).name).toBe("notes.db");
  });

  it("reads everything again afterwards", async () => {
    api.on("POST /api/admin/restore", () => summary);
    const { client } = await show();
    client.setQueryData(["messages", "s1"], { pages: [], pageParams: [] });
    await userEvent.click(within(await row()).getByRole("button", { name: /^Restore/ }));
    await userEvent.click(await screen.findByRole("button", { name: "Restore…" }));
    const listed = api.callsTo("GET /api/admin/backups").length;
    await userEvent.click(await screen.findByRole("button", { name: "Restore" }));
    await screen.findByText("Restored.");
    expect(client.getQueryData(["messages", "s1"])).toBeUndefined();
    await waitFor(() =>
      expect(api.callsTo("GET /api/admin/backups").length).toBeGreaterThan(listed),
    );
  });
});
