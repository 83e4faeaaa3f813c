import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { Console } from "./harness/console.ts";
import type { Emulator } from "./harness/emulator.ts";
import { ARTIFACTS, temporaryFolder } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const MODEL = "lab/openai/gpt-4o-mini";
const LONG = "All work and no play makes Jack a dull boy. ".repeat(40);
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** A console one of whose models reads no more than 2000 tokens. */
async function forgetful(emulator: Emulator): Promise<Console> {
  const file = join(temporaryFolder("providers"), "providers.toml");
  writeFileSync(
    file,
    `[providers.lab]\nbase_url = "${emulator.baseUrl}"\napi_key = "\${LAB_KEY}"\n` +
      '[providers.lab.models."openai/gpt-4o-mini"]\ncontext_length = 2000\nmax_tokens = 200\n',
  );
  return Console.start({ emulator, variables: { CONSOLE_PROVIDERS: file, LAB_KEY: "a-key" } });
}

/** A session of so many long questions with short answers. */
async function talk(console: Console, turns: number): Promise<string> {
  let session_id: string | undefined;
  for (let turn = 0; turn < turns; turn += 1) {
    const body = { content: `Question ${turn}. ${LONG}`, model: MODEL, session_id };
    const { session } = await console.json<{ session: { id: string } }>("/api/generations", {
      method: "POST",
      body: JSON.stringify(body),
    });
    session_id = session.id;
    await expect.poll(async () => (await console.answer(session.id)).status).toBe("completed");
  }
  return session_id ?? "";
}

test("what was not sent is said at its place, and a summary can stand for it", async ({
  emulator,
  visitor,
  onTestFinished,
}) => {
  const console = await forgetful(emulator);
  onTestFinished(() => console.end());
  await emulator.say("Noted.");
  const session = await talk(console, 5);

  const { chat } = await visitor();
  const { page } = chat;
  await chat.open(`${console.origin}/app/chat/${session}`);
  const note = page.getByRole("note").filter({ hasText: "not sent" });
  await note.waitFor();
  expect(await note.textContent()).toMatch(
    /\d+ older messages were not sent, to fit the model’s context of 2K tokens\./,
  );
  await page.screenshot({ path: join(ARTIFACTS, "context-line.png") });
  expect(await violations(page)).toEqual([]);

  await emulator.say("Jack works too much.");
  await note.getByRole("link", { name: "Summarise them" }).click();
  const sheet = page.getByRole("dialog", { name: "Compact this chat" });
  await sheet.getByLabel("Turns to keep").fill("0");
  await sheet.getByText("Must be 1 to 1,000.").waitFor();
  await sheet.getByLabel("Turns to keep").fill("1");
  await sheet.getByRole("button", { name: "Summarise older turns" }).click();
  await sheet.getByText("Jack works too much.").waitFor();
  await page.screenshot({ path: join(ARTIFACTS, "context-sheet.png") });
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });

  await emulator.say("As I said.");
  await chat.send("And then?");
  await expect.poll(() => chat.text()).toBe("As I said.");
  await chat.untilEnded();
  await page.getByText("What stands above was sent as a summary.").waitFor();

  await page.getByRole("link", { name: "Read the summary" }).click();
  await sheet.getByRole("button", { name: "Remove this summary" }).click();
  await sheet.getByText("Jack works too much.").waitFor({ state: "detached" });
});

test("the menu of a session opens the same, on a phone too, and a question can be pinned", async ({
  console,
  emulator,
  visitor,
}) => {
  await emulator.say("Noted.");
  const { chat } = await visitor({ ...PHONE, colorScheme: "dark" });
  const { page } = chat;
  await chat.open(`${console.origin}/`);
  await chat.composer.fill("Remember this.");
  await chat.button("Send").click();
  await page.waitForURL(/\/app\/chat\//);
  await chat.untilEnded();
  const question = page.getByRole("article", { name: "You" });
  await question.getByRole("button", { name: "Pin: always sent along" }).click();
  await question.getByText("Always sent along", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Open the sidebar" }).click();
  await page.getByRole("button", { name: "Actions for Remember this." }).click();
  await page.getByRole("menuitem", { name: "Compact…" }).click();
  const sheet = page.getByRole("dialog", { name: "Compact this chat" });
  await sheet.getByRole("button", { name: "Summarise older turns" }).waitFor();
  await page.screenshot({ path: join(ARTIFACTS, "context-phone.png") });
  expect(await violations(page)).toEqual([]);
  await page.reload();
  await sheet.getByRole("button", { name: "Close" }).click();
  await page.waitForURL((url) => url.search === "");
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
