import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Console } from "./harness/console.ts";
import { ARTIFACTS } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

test("what an answer cost is on the page as the provider's book has it, and goes into a file", async ({
  console,
  emulator,
  chat,
}) => {
  const { page } = chat;
  await emulator.say("Worth every cent.");
  const session = await chat.start(console.origin, "What do you cost?");
  await chat.untilEnded();
  const [call] = await emulator.calls();
  const cost = `$${call?.cost}`;

  await page.getByRole("link", { name: /^What this chat cost/ }).click();
  const sheet = page.getByRole("dialog", { name: "What this chat cost" });
  await sheet.getByRole("list", { name: "By model" }).getByText(cost).waitFor();
  expect(await violations(page)).toEqual([]);
  await sheet.getByRole("link", { name: "Every call of it" }).click();

  const rows = page.getByRole("listitem", { name: /^Call of/ });
  await rows.getByText(cost).waitFor();
  expect(await rows.count()).toBe(1);
  const saved = async (name: string): Promise<string> => {
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name }).click();
    return readFileSync(await (await waiting).path(), "utf8");
  };
  const csv = (await saved("Export as CSV")).trimEnd().split("\n");
  expect(csv).toHaveLength(2);
  expect(csv[0]).toContain("cost_usd");
  expect(csv[1]).toContain(call?.cost);
  const [line = "", ...others] = (await saved("Export as JSONL")).trimEnd().split("\n");
  expect(others).toEqual([]);
  expect(JSON.parse(line)).toMatchObject({ session_id: session, upstream_id: call?.id });
  expect(line).toContain(call?.cost);

  await rows.getByRole("link", { name: "Open its chat" }).click();
  await page.waitForURL(new RegExp(`/app/chat/${session}`));
});

test("what was spent elsewhere is entered by hand, and no call is counted for it", async ({
  console,
  chat,
}) => {
  const { page } = chat;
  const calls = async (): Promise<number> =>
    (await console.json<{ totals: { calls: number } }>("/api/usage/summary")).totals.calls;
  const before = await calls();
  await page.goto(`${console.origin}/app/usage?view=calls&source=manual`);
  await page.getByRole("button", { name: "Enter by hand" }).click();
  for (const [name, text] of Object.entries({
    Model: "somewhere/else",
    "Tokens in": "1200",
    "Tokens out": "34",
  })) {
    await page.getByRole("textbox", { name }).fill(text);
  }
  await page.getByRole("textbox", { name: "Cost", exact: true }).fill("0.010000000001");
  await page.getByRole("button", { name: "Save entry" }).click();
  const row = page.getByRole("listitem", { name: /^Call of/ });
  await row.getByText("$0.010000000001").waitFor();
  await page.getByText("1 entry").waitFor();
  expect(await calls()).toBe(before);
});

describe("a budget", () => {
  test("refuses before anything is paid, says so, and lets the same message through once raised", async ({
    emulator,
    visitor,
    onTestFinished,
  }) => {
    const console = await Console.start({ emulator });
    onTestFinished(() => console.end());
    const { chat, guard } = await visitor();
    const { page } = chat;
    await emulator.say("Now I may.");
    await page.goto(`${console.origin}/app/usage?view=budgets`);
    await page.getByRole("button", { name: "New budget" }).click();
    await page.getByRole("textbox", { name: "Limit" }).fill("0.000000001");
    await page.getByRole("button", { name: "Save budget" }).click();
    await page.getByRole("listitem", { name: "Budget: Everything" }).waitFor();

    guard.tolerate(/status of 403/);
    await chat.open(`${console.origin}/`);
    await chat.send("May you answer?");
    const alert = page.getByRole("alert");
    await alert.getByText("The budget is used up").waitFor();
    expect(await chat.composer.inputValue()).toBe("May you answer?");
    expect(await emulator.calls()).toEqual([]);

    await alert.getByRole("link", { name: "See budgets" }).click();
    await page.getByRole("button", { name: "Edit Everything" }).click();
    await page.getByRole("textbox", { name: "Limit" }).fill("5");
    await page.getByRole("button", { name: "Save budget" }).click();
    await page.getByText("of $5.00 this month").waitFor();

    await page.goBack();
    await expect.poll(() => chat.composer.inputValue()).toBe("May you answer?");
    await page.getByText(/^About \$/).waitFor();
    await chat.composer.press("Enter");
    await chat.untilEnded();
    expect(await chat.text()).toBe("Now I may.");
    expect(await emulator.calls()).toHaveLength(1);
  });
});

describe("on a phone in the dark", () => {
  for (const view of ["overview", "calls", "budgets", "provider"]) {
    test(`${view} can be used by everybody`, async ({ console, emulator, visitor }) => {
      await emulator.say("One more.");
      await console.json("/api/generations", {
        method: "POST",
        body: JSON.stringify({ content: "And?", model: "openai/gpt-5-mini" }),
      });
      const { chat, guard } = await visitor({ ...PHONE, colorScheme: "dark" });
      // What the provider does not tell is said in its place.
      if (view === "provider") guard.tolerate(/Failed to load resource/);
      const { page } = chat;
      await page.goto(`${console.origin}/app/usage?view=${view}`);
      await page.getByRole("link", { name: "Overview" }).waitFor();
      await page.getByRole("status", { name: "Loading" }).waitFor({ state: "detached" });
      await page.screenshot({ path: join(ARTIFACTS, `usage-${view}-phone.png`) });
      expect(await violations(page)).toEqual([]);
      const sideways = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      expect(sideways).toBe(0);
    });
  }
});

/** What the checker has to say, in short. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
