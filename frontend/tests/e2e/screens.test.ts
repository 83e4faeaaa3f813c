import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page, Request } from "playwright-core";
import { describe, expect } from "vitest";
import { ARTIFACTS } from "./harness/places.ts";
import { test as base } from "./harness/test.ts";

const WIDE = { viewport: { width: 1280, height: 860 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const QUESTION = "Show me a list, a table and code, please.";

const test = base.extend("session", { scope: "file" }, async ({ sharedConsole }) => {
  const { session } = await sharedConsole.json<{ session: { id: string } }>("/api/generations", {
    method: "POST",
    body: JSON.stringify({ content: QUESTION, model: "openai/o3-mini" }),
  });
  await expect.poll(async () => (await sharedConsole.answer(session.id)).status).toBe("completed");
  return session.id;
});

const SCREENS = {
  "new chat": { path: () => "/", ready: "What is on your mind?" },
  chat: { path: (session: string) => `/app/chat/${session}`, ready: "Thought" },
  models: { path: () => "/app/models", ready: "Models" },
  profiles: { path: () => "/app/profiles", ready: "Profiles" },
  usage: { path: () => "/app/usage", ready: "Over time" },
  backups: { path: () => "/app/backups", ready: "Kept here" },
  settings: { path: () => "/app/settings", ready: "Settings" },
} as const;

for (const [width, device] of Object.entries({ wide: WIDE, phone: PHONE })) {
  describe(`on a ${width} screen, in light and in dark`, () => {
    for (const [name, { path, ready }] of Object.entries(SCREENS)) {
      test(`${name} can be used by everybody`, async ({ console, session, visitor }) => {
        const { page } = (await visitor({ ...device, colorScheme: "light" })).chat;
        await open(page, console.origin + path(session));
        await page.locator("main").getByText(ready).first().waitFor();
        await check(page, `${name}-${width}`);
        expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
      });
    }

    test("the list of models that drops from the composer can be used by everybody", async ({
      console,
      visitor,
    }) => {
      const { page } = (await visitor({ ...device, colorScheme: "light" })).chat;
      await open(page, `${console.origin}/`);
      await page.getByRole("combobox", { name: /^Model:/ }).click();
      await page.getByRole("option").first().waitFor();
      await check(page, `picker-${width}`);
    });
  });
}

test("on a phone the sidebar is a drawer that closes when a chat is picked", async ({
  console,
  session,
  visitor,
}) => {
  const { page } = (await visitor(PHONE)).chat;
  await open(page, `${console.origin}/`);
  const opener = page.getByRole("button", { name: "Open the sidebar" });
  const drawer = page.getByRole("dialog", { name: "Sidebar" });
  await opener.click();
  await drawer.waitFor();
  await page.screenshot({ path: join(ARTIFACTS, "drawer-phone.png") });
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true);

  await opener.click();
  await drawer.locator(`a[href="/app/chat/${session}"]`).click();
  await drawer.waitFor({ state: "hidden" });
  await page.getByRole("article", { name: "You" }).getByText(QUESTION).waitFor();
});

test("the theme that was picked is kept by the console", async ({
  console,
  visitor,
  onTestFinished,
}) => {
  onTestFinished(async () => {
    await console.json("/api/settings", { method: "PATCH", body: '{"theme":"system"}' });
  });
  const { chat } = await visitor({ colorScheme: "light" });
  await chat.open(`${console.origin}/`);
  await chat.button("Theme: system").click();
  await chat.button("Theme: light").click();
  await chat.button("Theme: dark").waitFor();
  const theme = (page: Page): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  expect(await theme(chat.page)).toBe("dark");

  const elsewhere = await visitor({ colorScheme: "light" });
  await elsewhere.chat.open(`${console.origin}/`);
  await expect.poll(() => theme(elsewhere.chat.page)).toBe("dark");
});

/** Opens an address and waits until all it asked for is there; the live channel never ends and does not count. */
async function open(page: Page, url: string): Promise<void> {
  const pending = new Set<Request>();
  page.on("request", (request) => {
    if (!request.url().includes("/api/events")) pending.add(request);
  });
  page.on("requestfinished", (request) => pending.delete(request));
  page.on("requestfailed", (request) => pending.delete(request));
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await expect.poll(() => pending.size).toBe(0);
}

/** Looks at a page that is open in light, then in dark. */
async function check(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(ARTIFACTS, `${name}-${colorScheme}.png`) });
    const found = { violations: await violations(page), sideways: await sidewaysScroll(page) };
    expect({ colorScheme, ...found }).toEqual({ colorScheme, violations: [], sideways: 0 });
  }
}

/** What the checker has to say, in short. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}

/** How many pixels the page can be moved sideways. */
function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}
