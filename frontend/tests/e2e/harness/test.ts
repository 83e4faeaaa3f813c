import { join } from "node:path";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { test as base } from "vitest";
import { Chat } from "./chat.ts";
import { launch } from "./chromium.ts";
import { Console } from "./console.ts";
import { Emulator } from "./emulator.ts";
import { Guard } from "./guard.ts";
import { ARTIFACTS } from "./places.ts";

/** A test with a browser, a provider and a console in front of it. Whatever it starts is ended after it. */
export const test = base
  .extend("browser", { scope: "file" }, async ({}, { onCleanup }) => {
    const browser = await launch();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend("provider", { scope: "file" }, async ({}, { onCleanup }) => {
    const emulator = await Emulator.start();
    onCleanup(() => emulator.end());
    return emulator;
  })
  .extend("emulator", async ({ provider }) => {
    await provider.reset();
    return provider;
  })
  .extend("sharedConsole", { scope: "file" }, async ({ provider }, { onCleanup }) => {
    const console = await Console.start({ emulator: provider });
    onCleanup(() => console.end());
    return console;
  })
  /** A console that all tests of a file share: they neither kill nor configure it. */
  .extend("console", async ({ sharedConsole, provider }) => {
    await provider.reset();
    return sharedConsole;
  })
  /** Opens a browser of somebody else: new storage, new cookies, a guard of its own. */
  .extend("visitor", async ({ browser, task }, { onCleanup }) => {
    const visitors: { context: BrowserContext; guard: Guard }[] = [];
    onCleanup(async () => {
      if (task.result?.state === "fail") await picture(visitors.flatMap((v) => v.context.pages()));
      for (const { context } of visitors) await context.close();
      for (const { guard } of visitors) guard.check();
    });
    const picture = async (pages: Page[]): Promise<void> => {
      for (const [index, page] of pages.entries()) {
        const name = `${task.name.replaceAll(/\W+/g, "-")}-${index}.png`;
        await page.screenshot({ path: join(ARTIFACTS, name) });
      }
    };
    return async (options: BrowserContextOptions = {}) => {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 860 },
        locale: "en-US",
        timezoneId: "UTC",
        reducedMotion: "reduce",
        ...options,
      });
      const guard = new Guard(context);
      visitors.push({ context, guard });
      return { context, guard, chat: new Chat(await context.newPage()) };
    };
  })
  .extend("reader", ({ visitor }) => visitor())
  .extend("chat", ({ reader }) => reader.chat)
  .extend("guard", ({ reader }) => reader.guard);
