import { expect } from "vitest";
import { Console } from "./harness/console.ts";
import { test as base } from "./harness/test.ts";

const test = base.extend("locked", { scope: "file" }, async ({ provider }, { onCleanup }) => {
  const console = await Console.start({ emulator: provider, variables: { CONSOLE_AUTH: "token" } });
  onCleanup(() => console.end());
  return console;
});

test("without the token the page is one field, and a wrong one does not open it", async ({
  locked,
  reader,
}) => {
  reader.guard.tolerate(/status of 401/);
  const { page } = reader.chat;
  await page.goto(`${locked.origin}/app/chat/00000000`);
  const field = page.getByLabel("Token");
  await field.waitFor();
  expect(await page.getByRole("textbox").count()).toBe(await field.count());
  expect(await page.getByText("was not accepted").count()).toBe(0);

  await field.fill("not the token, whatever it is");
  await page.getByRole("button", { name: "Unlock" }).click();
  await page.getByText("The token that this browser had was not accepted.").waitFor();

  await page.goto(`${locked.origin}/`);
  await field.fill(locked.token ?? "");
  await page.getByRole("button", { name: "Unlock" }).click();
  await reader.chat.composer.waitFor();
});

test("the link of the start line opens it, hides the token and lasts over a reload", async ({
  locked,
  emulator,
  chat,
}) => {
  await emulator.say("Welcome in.");
  expect(locked.token).toMatch(/^\S{20,}$/);
  await chat.open(locked.link);
  expect(chat.page.url()).toBe(`${locked.origin}/`);
  await chat.send("Am I in?");
  await expect.poll(() => chat.text()).toBe("Welcome in.");
  await chat.untilEnded();

  await chat.page.reload();
  await expect.poll(() => chat.text()).toBe("Welcome in.");
  expect(await chat.page.evaluate(() => window.location.hash + document.cookie)).toBe("");
  expect(await emulator.calls()).toHaveLength(1);
});

test("a second window without the token sees nothing of the first one's", async ({
  locked,
  visitor,
}) => {
  const owner = await visitor();
  await owner.chat.open(locked.link);
  const stranger = await visitor();
  stranger.guard.tolerate(/status of 401/);
  const statuses: Record<string, number> = {};
  stranger.context.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith("/api/")) statuses[pathname] = response.status();
  });
  await stranger.chat.page.goto(`${locked.origin}/`);
  await stranger.chat.page.getByLabel("Token").waitFor();
  const { "/api/health": _, ...others } = statuses;
  expect(Object.keys(others)).not.toEqual([]);
  expect(new Set(Object.values(others))).toEqual(new Set([401]));
});

test("a backup is downloaded without the token in its address", async ({ locked, chat }) => {
  const { page } = chat;
  await locked.text("/api/admin/backups", { method: "POST" });
  await chat.open(locked.link);
  await page.getByRole("link", { name: "Backups" }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const download = await coming;
  expect(await download.failure()).toBeNull();
  expect(download.url()).toContain("?ticket=");
  expect(download.url()).not.toContain(locked.token);
  const again = await fetch(download.url());
  expect(again.status).toBe(401);
});
