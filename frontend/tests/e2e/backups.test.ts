import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
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
  await page.screenshot({ path: join(ARTIFACTS, "backups-phone.png") });
  expect(await violations(page)).toEqual([]);
  await console.text(`/api/admin/backups/${name}`, { method: "DELETE" });
  await expect.poll(() => rows.count()).toBe(before);
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
