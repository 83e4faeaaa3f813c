import type { Page } from "playwright-core";
import { expect } from "vitest";
import { test } from "./harness/test.ts";
import { words } from "./harness/words.ts";

/** More stops than any screen has. */
const MAX_STOPS = 60;

test("the main path needs no mouse", async ({ console, emulator, chat }) => {
  const { page } = chat;
  const { keyboard } = page;
  await emulator.say("The first answer.");
  await chat.open(`${console.origin}/`);
  await expect.poll(() => focused(page)).toBe("Message");

  // Another model, and back in the composer.
  await tabTo(page, "Tab", /^Model:/);
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Search models");
  await keyboard.type("gpt-4o-mini");
  await page.getByRole("option", { name: /GPT-4o-mini/ }).waitFor();
  await keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("Message");
  await page.getByRole("combobox", { name: "Model: OpenAI: GPT-4o-mini" }).waitFor();

  await keyboard.type("One line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("and another");
  await keyboard.press("Enter");
  await expect.poll(() => chat.text()).toBe("The first answer.");
  await chat.untilEnded();
  expect(await page.getByRole("article", { name: "You" }).locator("p").textContent()).toBe(
    "One line\nand another",
  );
  await expect.poll(() => focused(page)).toBe("Message");

  // Another version from the answer's own buttons.
  await emulator.say("The second answer.");
  await tabTo(page, "Shift+Tab", /^Regenerate$/);
  await keyboard.press("Enter");
  await expect.poll(() => chat.text()).toBe("The second answer.");
  await chat.untilEnded();
  await tabTo(page, "Shift+Tab", /^Previous version$/);
  await keyboard.press("Enter");
  await expect.poll(() => chat.text()).toBe("The first answer.");

  // From message to message, then to a new chat.
  await tabTo(page, "Shift+Tab", /^Conversation$/);
  await keyboard.press("Alt+k");
  await expect.poll(() => focused(page)).toMatch(/^Answer by/);
  await keyboard.press("Alt+k");
  await expect.poll(() => focused(page)).toBe("You");
  await keyboard.press("Control+Shift+O");
  await page.waitForURL(`${console.origin}/`);
  await expect.poll(() => focused(page)).toBe("Message");
});

test("Escape stops the answer, and the composer is at hand again", async ({
  console,
  emulator,
  chat,
}) => {
  await emulator.say(words(300), 100);
  await chat.start(console.origin, "Go on and on.");
  await chat.untilText(30);
  await chat.page.keyboard.press("Escape");
  await chat.untilEnded();
  expect(await focused(chat.page)).toBe("Message");
  await chat.page.keyboard.type("Next question");
  expect(await chat.composer.inputValue()).toBe("Next question");
});

test("what opens on a press opens by keyboard too, and its button says what it is", async ({
  console,
  emulator,
  chat,
}) => {
  const { page } = chat;
  await emulator.say("A short answer.");
  await chat.start(console.origin, "A chat with a menu");
  await chat.untilEnded();
  await page.reload();
  await tabTo(page, "Tab", /^Hide the sidebar$/);
  await page.getByRole("tooltip", { name: "Hide the sidebar" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tooltip").waitFor({ state: "detached" });

  await tabTo(page, "Tab", /^Actions for /);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: /^Rename/ }).waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => focused(page)).toMatch(/^Actions for /);
});

test("the first stop of the page skips to its content", async ({ console, chat }) => {
  const { page } = chat;
  await page.goto(`${console.origin}/app/models`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
});

/** The name of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
  });
}

async function tabTo(page: Page, key: "Tab" | "Shift+Tab", name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stops = 0; stops < MAX_STOPS; stops += 1) {
    await page.keyboard.press(key);
    passed.push(await focused(page));
    if (name.test(passed.at(-1) ?? "")) return;
  }
  throw new Error(`${name} is not on the way: ${passed.join(", ")}`);
}

test("an address cut short leads to a new chat", async ({ console, chat }) => {
  await chat.open(`${console.origin}/app`);
  await expect.poll(() => focused(chat.page)).toBe("Message");
  expect(new URL(chat.page.url()).pathname).toBe("/");
});
