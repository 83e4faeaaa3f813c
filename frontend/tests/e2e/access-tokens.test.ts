import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { ARTIFACTS } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

test("a program gets a token of its own, which opens what it should until it is revoked", async ({
  console,
  visitor,
}) => {
  const { page } = (await visitor({ ...PHONE, colorScheme: "dark" })).chat;
  await page.goto(`${console.origin}/app/settings`);
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Nightly report");
  await page.getByRole("radio", { name: "Read" }).check();
  await page.getByRole("button", { name: "Make token" }).scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(ARTIFACTS, "token-form-phone.png") });
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Make token" }).click();
  const secret = await page.getByRole("textbox", { name: "Token", exact: true }).inputValue();
  await page.screenshot({ path: join(ARTIFACTS, "token-secret-phone.png") });
  expect(await violations(page)).toEqual([]);

  const ask = async (method: string, path: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" };
    return (await fetch(`${console.origin}${path}`, { method, headers })).status;
  };
  expect(await ask("GET", "/api/sessions")).toBe(200);
  expect(await ask("POST", "/api/admin/backups")).toBe(403);

  await page.getByRole("button", { name: "I have it" }).click();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: "Revoke Nightly report" }).click();
  await page.getByRole("button", { name: "Revoke token" }).click();
  await page.getByText("1 revoked token").waitFor();
  expect(await ask("GET", "/api/sessions")).toBe(401);
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
