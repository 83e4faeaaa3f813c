import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { Console } from "./harness/console.ts";
import { ARTIFACTS } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const SQLITE = "SQLite format 3\0";

test("a backup is made, fetched, checked and deleted", async ({ console, emulator, chat }) => {
  const { page } = chat;
  await emulator.say("Something to keep.");
  await chat.start(console.origin, "Keep this.");
  await chat.untilEnded();
  await page.getByRole("link", { name: "Backups" }).click();
  await page.getByText("No backup yet").waitFor();
  await page.getByRole("button", { name: "Back up now" }).click();
  const row = page.getByRole("listitem", { name: /^Backup of/ });
  await row.waitFor();
  expect(await row.textContent()).toMatch(/By hand.*\d kB · 1 chat, 2 messages · checked just now/);
  await page.screenshot({ path: join(ARTIFACTS, "backups-wide.png") });
  expect(await violations(page)).toEqual([]);

  const coming = page.waitForEvent("download");
  await row.getByRole("button", { name: "Download" }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/^console_backup_[\d_-]+\.db$/);
  const bytes = readFileSync(await download.path());
  expect(bytes.subarray(0, SQLITE.length).toString()).toBe(SQLITE);

  const verified = page.waitForResponse((response) => response.url().endsWith("/verify"));
  await row.getByRole("button", { name: "Check that it is whole" }).click();
  expect((await verified).status()).toBe(200);

  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete backup" }).click();
  await row.waitFor({ state: "detached" });
  expect(await console.json("/api/admin/backups")).toMatchObject({ items: [] });
});

test("a tab sees the backup that somebody else makes", async ({ console, visitor }) => {
  const { page } = (await visitor({ ...PHONE, colorScheme: "dark" })).chat;
  await page.goto(`${console.origin}/app/backups`);
  await page.getByRole("heading", { name: "Kept here" }).waitFor();
  const rows = page.getByRole("listitem", { name: /^Backup of/ });
  const before = await rows.count();
  const { name } = await console.json<{ name: string }>("/api/admin/backups", { method: "POST" });
  await expect.poll(() => rows.count()).toBe(before + 1);
  for (const label of ["Days that keep one", "Weeks that keep one"]) {
    await page.getByRole("combobox", { name: label }).click();
    await page.getByRole("option", { selected: true }).click();
  }
  await page.screenshot({ path: join(ARTIFACTS, "backups-phone.png") });
  expect(await violations(page)).toEqual([]);
  await console.text(`/api/admin/backups/${name}`, { method: "DELETE" });
  await expect.poll(() => rows.count()).toBe(before);
});

test("going back to a backup: what would change first, then every open page shows it", async ({
  provider,
  visitor,
  onTestFinished,
}) => {
  const console = await Console.start({ emulator: provider });
  onTestFinished(() => console.end());
  await provider.say("Noted.");
  const { chat } = await visitor();
  const { page } = chat;
  const kept = await chat.start(console.origin, "What was there before");
  await chat.untilEnded();
  const { name } = await console.json<{ name: string }>("/api/admin/backups", { method: "POST" });
  const other = await visitor();
  // The chat that it looks at will be gone.
  other.guard.tolerate(/status of 404/);
  await other.chat.start(console.origin, "What came later");
  await other.chat.untilEnded();

  await page.goto(`${console.origin}/app/backups`);
  await page.getByRole("button", { name: /^Restore the backup of/ }).click();
  const sheet = page.getByRole("dialog", { name: "Restore a backup" });
  await sheet.getByRole("row", { name: /^chats/ }).waitFor();
  const chats = sheet.getByRole("row", { name: /^chats/ }).getByRole("cell");
  expect(await chats.allTextContents()).toEqual(["2", "1", "1", "−1"]);
  const calls = sheet.getByRole("row", { name: /^paid calls/ }).getByRole("cell");
  expect(await calls.allTextContents()).toEqual(["2", "1", "2", "none"]);
  await page.screenshot({ path: join(ARTIFACTS, "restore-dry-run.png") });
  expect(await violations(page)).toEqual([]);
  expect((await console.json<{ items: unknown[] }>("/api/sessions")).items).toHaveLength(2);

  await sheet.getByRole("button", { name: "Restore…" }).click();
  await page.getByText("first kept as a backup of its own").waitFor();
  await page.screenshot({ path: join(ARTIFACTS, "restore-question.png") });
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await sheet.getByText("Restored.").waitFor();
  await page.screenshot({ path: join(ARTIFACTS, "restore-done.png") });
  await sheet.getByRole("button", { name: "Done" }).click();

  // This page, and the one of somebody else who looked at what is gone.
  await page.getByText("Before a restore", { exact: true }).waitFor();
  await page.getByRole("navigation", { name: "Chats" }).getByRole("link").waitFor();
  const links = page.getByRole("navigation", { name: "Chats" }).getByRole("link");
  // With what it cost behind its title.
  expect(await links.allTextContents()).toEqual([
    expect.stringMatching(/^What was there before<?\$\d/),
  ]);
  await other.chat.page.getByRole("heading", { name: "This chat is gone" }).waitFor();
  await page.goto(`${console.origin}/app/chat/${kept}`);
  await expect.poll(() => chat.text()).toBe("Noted.");
  expect(await console.text(`/api/admin/backups`)).toContain(name);
});

test("a file that is no backup is refused with the reason, and changes nothing", async ({
  console,
  visitor,
}) => {
  const { chat, guard } = await visitor({ ...PHONE, colorScheme: "dark" });
  const { page } = chat;
  guard.tolerate(/status of 422/);
  await page.goto(`${console.origin}/app/backups`);
  const before = await console.text("/api/sessions");
  await page.getByLabel("Backup file").setInputFiles({
    name: "holiday.db",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("not a database at all ".repeat(400)),
  });
  const sheet = page.getByRole("dialog", { name: "Restore a backup" });
  await sheet.getByText("It is not a SQLite database").waitFor();
  await page.screenshot({ path: join(ARTIFACTS, "restore-refused-phone.png") });
  expect(await violations(page)).toEqual([]);
  expect(await sheet.getByRole("button", { name: "Restore…" }).isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  expect(await console.text("/api/sessions")).toBe(before);
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
