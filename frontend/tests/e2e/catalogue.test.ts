import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { ARTIFACTS } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

test("a model tells who serves it and which parameters each of them takes", async ({
  console,
  chat,
}) => {
  const { page } = chat;
  await page.goto(`${console.origin}/app/models?model=deepseek/deepseek-r1`);
  const served = page.getByRole("region", { name: "Served by" });
  await served.getByRole("listitem").first().waitFor();
  expect(await served.textContent()).toMatch(/\$[\d.]+ \/ \$[\d.]+.*context.*up/);
  const parameters = page.getByRole("region", { name: "Parameters it takes" });
  await parameters.getByRole("radio", { name: "Each" }).check();
  expect(await parameters.getByRole("heading", { level: 4 }).count()).toBe(
    await served.getByRole("listitem").count(),
  );
  await page.screenshot({ path: join(ARTIFACTS, "model-detail.png") });
  expect(await violations(page)).toEqual([]);
});

test("the models are narrowed by author and ability", async ({ console, visitor }) => {
  const { page } = (await visitor({ ...PHONE, colorScheme: "dark" })).chat;
  await page.goto(`${console.origin}/app/models`);
  await page.getByRole("button", { name: "Pictures" }).click();
  await page.getByRole("combobox", { name: "Author" }).click();
  await page.getByRole("option", { name: /^Google/ }).click();
  await page.getByText(/^\d+ of \d+ models$/).waitFor();
  const links = page.getByRole("table").getByRole("link");
  const others = async (): Promise<string[]> => {
    const ids = await links.evaluateAll((rows) => rows.map((row) => row.getAttribute("href")));
    expect(ids.length).toBeGreaterThan(0);
    return ids.map((id) => decodeURIComponent(id ?? "")).filter((id) => !/model=google\//.test(id));
  };
  await expect.poll(others).toEqual([]);
  const all = await links.count();
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByRole("combobox", { name: "Price at most" }).click();
  await page.getByRole("option", { name: "$1.00 or less" }).click();
  await expect.poll(() => links.count()).toBeLessThan(all);
  await page.screenshot({ path: join(ARTIFACTS, "models-phone.png") });
  expect(await violations(page)).toEqual([]);
});

test("the settings list who can be asked", async ({ console, chat }) => {
  const { page } = chat;
  await page.goto(`${console.origin}/app/settings`);
  const providers = page.getByRole("list", { name: "Providers" }).getByRole("listitem");
  await providers.first().waitFor();
  expect(await providers.first().textContent()).toMatch(/models?Key from the environment/);
  await page.screenshot({ path: join(ARTIFACTS, "settings-providers.png") });
  expect(await violations(page)).toEqual([]);
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
