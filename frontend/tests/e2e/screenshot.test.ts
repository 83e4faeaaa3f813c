import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Console } from "./harness/console.ts";
import { BACKEND } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PICTURE = join(BACKEND, "docs/screenshot.png");
const MAX_BYTES = 300 * 1024;

test.runIf(process.env.UPDATE_SCREENSHOT === "1")(
  "the picture of the documents is taken of the demo",
  async ({ chat, onTestFinished }) => {
    const console = await Console.start();
    onTestFinished(() => console.end());
    await chat.start(console.origin, "Plan a weekend in Lisbon");
    await chat.untilEnded();
    await chat.page.getByRole("link", { name: "New chat" }).click();
    await chat.page.getByRole("combobox", { name: /^Model:/ }).click();
    await chat.page.getByRole("combobox", { name: "Search models" }).fill("o3 mini");
    await chat.page.getByRole("option", { name: /o3 Mini/ }).click();
    await chat.send("Greet me in Python, and tell me what this console can do.");
    await chat.page.waitForURL(/\/app\/chat\//);
    await chat.untilEnded();
    await chat.answer.locator(".code-block .hljs-string").first().waitFor();
    await chat.page.mouse.move(0, 0);
    await chat.page.screenshot({ path: PICTURE });
    expect(statSync(PICTURE).size).toBeLessThanOrEqual(MAX_BYTES);
  },
);
