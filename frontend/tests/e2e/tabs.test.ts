import type { BrowserContext, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Chat } from "./harness/chat.ts";
import { test } from "./harness/test.ts";
import { Wire } from "./harness/wire.ts";
import { words } from "./harness/words.ts";

/** Chromium allows six connections to one origin, and a live channel holds one. */
const MORE_THAN_CONNECTIONS = 7;

test("two tabs on one conversation show the same words, whoever sends", async ({
  console,
  emulator,
  reader,
}) => {
  const { chat, context } = reader;
  await emulator.say(words(100), 120);
  const session = await chat.start(console.origin, "From the first tab.");
  const other = new Chat(await context.newPage());
  await other.open(chat.page.url());
  await other.record();
  await other.untilText(50);
  await Promise.all([chat.untilEnded(), other.untilEnded()]);
  expect(await chat.text()).toBe(words(100));
  expect(await other.text()).toBe(words(100));
  expect((await other.seen()).length).toBeGreaterThan(3);

  await chat.record();
  await other.send("From the second tab.");
  await chat.page.getByRole("article", { name: "You" }).getByText("From the second tab.").waitFor();
  await expect.poll(() => chat.answers.count()).toBe(2);
  await Promise.all([chat.untilEnded(), other.untilEnded()]);
  expect(await chat.text()).toBe(words(100));
  expect((await chat.seen()).length).toBeGreaterThan(3);
  expect(await emulator.calls()).toHaveLength(2);
  expect(await console.messages(session)).toHaveLength(4);
});

test("a new conversation appears in the other tab's list by itself", async ({
  console,
  reader,
}) => {
  const other = new Chat(await reader.context.newPage());
  await other.open(`${console.origin}/`);
  const session = await reader.chat.start(console.origin, "Tell the other tab about it.");
  await other.page.locator(`a[href="/app/chat/${session}"]`).waitFor();
  await reader.chat.untilEnded();
});

describe("many tabs at once", () => {
  test("opened one after another, they all load and answer", async ({
    console,
    emulator,
    reader,
    onTestFinished,
  }) => {
    const wire = await Wire.to(console.port);
    onTestFinished(() => wire.end());
    await emulator.say(words(30));
    const session = await reader.chat.start(wire.origin, "Open me everywhere.");
    await reader.chat.untilEnded();
    const tabs = [reader.chat];
    while (tabs.length < MORE_THAN_CONNECTIONS) {
      const { page } = new Chat(await reader.context.newPage());
      await setVisible(tabs.at(-1)?.page, false);
      tabs.push(new Chat(page));
      await page.goto(`${wire.origin}/app/chat/${session}`);
    }
    const last = tabs.at(-1) ?? reader.chat;
    await last.untilText(words(30).length);
    await last.send("And the last one sends.");
    await expect.poll(() => last.answers.count()).toBe(2);
    await last.untilEnded();
    expect(wire.peak).toBeLessThanOrEqual(MORE_THAN_CONNECTIONS);
    await expect.poll(() => wire.streams).toBe(1);

    await setVisible(last.page, false);
    await setVisible(reader.chat.page, true);
    await expect.poll(() => reader.chat.answers.count()).toBe(2);
    expect(await reader.chat.text()).toBe(words(30));
  });

  test("opened in the background, they leave the connections to the tab that is read", async ({
    console,
    emulator,
    reader,
    onTestFinished,
  }) => {
    const wire = await Wire.to(console.port);
    onTestFinished(() => wire.end());
    await emulator.say(words(30));
    const session = await reader.chat.start(wire.origin, "Open me in the background.");
    await reader.chat.untilEnded();
    const background: Page[] = [];
    while (background.length < MORE_THAN_CONNECTIONS) {
      background.push(await openHidden(reader.context, `${wire.origin}/app/chat/${session}`));
    }
    await reader.chat.send("Still there?");
    await expect.poll(() => reader.chat.answers.count()).toBe(2);
    await reader.chat.untilEnded();
    expect(wire.streams).toBe(1);

    const [tab] = background;
    await setVisible(reader.chat.page, false);
    await setVisible(tab, true);
    const shown = new Chat(tab ?? reader.chat.page);
    await expect.poll(() => shown.answers.count()).toBe(2);
  });
});

/** Playwright keeps every page visible, so what a tab strip does is told to the page in its place. */
async function setVisible(page: Page | undefined, visible: boolean): Promise<void> {
  await page?.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, !visible);
}

async function openHidden(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
  });
  await page.goto(url);
  await page
    .getByRole("article", { name: /^Answer by/ })
    .first()
    .waitFor();
  return page;
}
