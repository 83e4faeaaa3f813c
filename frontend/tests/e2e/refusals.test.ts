import { describe, expect } from "vitest";
import type { Chat } from "./harness/chat.ts";
import { Console, PLACEHOLDER_KEY } from "./harness/console.ts";
import { test } from "./harness/test.ts";
import { words } from "./harness/words.ts";

interface Refusal {
  scenario: string;
  title: string;
  /** What the reader is told to do. */
  advice: string;
}

const BEFORE_THE_FIRST_WORD: Refusal[] = [
  {
    scenario: "error=401",
    title: "The provider refused the key",
    advice: "Check the key in the settings.",
  },
  {
    scenario: "error=402",
    title: "The provider account has no credit",
    advice: "Top up, or ask for fewer tokens.",
  },
  {
    scenario: "error=403",
    title: "The provider refused the content",
    advice: "Rephrase it or pick another model.",
  },
  {
    scenario: "error=404",
    title: "The provider has no such model",
    advice: "Pick another model below",
  },
  {
    scenario: "error=429 retry_after=60",
    title: "Too many requests for the provider",
    advice: "Wait a little, then regenerate.",
  },
  {
    scenario: "error=503",
    title: "The provider is down",
    advice: "regenerate",
  },
];

/** A provider that refused for good reason is left alone for some seconds; the answer's place counts them down. */
async function regenerateWhenTaken(chat: Chat): Promise<void> {
  await chat.answer.getByRole("button", { name: "Regenerate" }).first().click();
  const countdown = chat.answer.getByText(/takes calls again in/);
  await expect
    .poll(async () => (await chat.text()) !== "" || (await countdown.count()) > 0)
    .toBe(true);
  if ((await countdown.count()) === 0) return;
  await countdown.waitFor({ state: "hidden", timeout: 30_000 });
  await chat.answer.getByRole("button", { name: "Regenerate" }).first().click();
}

describe("a provider that refuses", () => {
  for (const { scenario, title, advice } of BEFORE_THE_FIRST_WORD) {
    test(`says so in the answer's place and helps on: ${scenario}`, async ({
      console,
      emulator,
      chat,
    }) => {
      await emulator.behave(scenario);
      await chat.start(console.origin, "Will you answer?");
      const alert = chat.answer.getByRole("alert");
      await alert.waitFor();
      const told = await alert.textContent();
      expect(told).toContain(title);
      expect(told).toContain(advice);
      expect(await chat.answer.getByRole("button", { name: "Continue" }).count()).toBe(0);
      expect(await emulator.calls()).toEqual([]);

      await emulator.say("Now I will.");
      await regenerateWhenTaken(chat);
      await expect.poll(() => chat.text()).toBe("Now I will.");
      await chat.untilEnded();
      expect(await alert.count()).toBe(0);
    });
  }

  test("to take the key leads to the settings", async ({ emulator, chat, onTestFinished }) => {
    // One of its own: a key that was refused is left alone for a while.
    const console = await Console.start({ emulator });
    onTestFinished(() => console.end());
    await emulator.behave("error=401");
    await chat.start(console.origin, "Will you answer?");
    await chat.answer.getByRole("link", { name: "Open settings" }).click();
    await chat.page.waitForURL(/\/app\/settings$/);
    await chat.page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  });
});

const IN_THE_MIDDLE: Refusal[] = [
  {
    scenario: "mid_stream_error after=60",
    title: "The provider failed in mid-answer",
    advice: "continue",
  },
  {
    scenario: "drop after=60",
    title: "The answer was cut off",
    advice: "continue",
  },
  {
    scenario: "drop after=60 form=fin",
    title: "The answer was cut off",
    advice: "continue",
  },
  {
    scenario: "reset after=60",
    title: "The answer was cut off",
    advice: "continue",
  },
];

describe("a provider that fails in mid-answer", () => {
  for (const { scenario, title, advice } of IN_THE_MIDDLE) {
    test(`leaves its text, and goes on from there: ${scenario}`, async ({
      console,
      emulator,
      chat,
    }) => {
      await emulator.behave(`${scenario}; text=${encodeURIComponent(words(60))}`);
      const session = await chat.start(console.origin, "Will you finish?");
      const alert = chat.answer.getByRole("alert");
      await alert.waitFor();
      const told = await alert.textContent();
      expect(told).toContain(title);
      expect(told?.toLowerCase()).toContain(advice);
      const kept = await chat.text();
      expect(kept).not.toBe("");
      expect(words(60).startsWith(kept)).toBe(true);
      expect((await console.answer(session)).content).toBe(kept);

      await emulator.say(words(60));
      await chat.answer.getByRole("button", { name: "Continue" }).first().click();
      await expect.poll(() => chat.text()).toBe(words(60));
      await chat.untilEnded();
      expect(await alert.count()).toBe(0);
    });
  }
});

describe("a console without a key", () => {
  test("where the demo is off keeps the message and leads to the settings", async ({
    chat,
    guard,
    onTestFinished,
  }) => {
    const console = await Console.start({ variables: { CONSOLE_DEMO: "off" } });
    onTestFinished(() => console.end());
    guard.tolerate(/status of 409/);
    await chat.open(`${console.origin}/`);
    await chat.send("Is anybody there?");
    const alert = chat.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toContain("No key for the provider");
    expect(await chat.composer.inputValue()).toBe("Is anybody there?");
    await alert.getByRole("link", { name: "Open settings" }).click();
    await chat.page.waitForURL(/\/app\/settings$/);
  });

  test("takes one on the settings page, never shows it again, and goes on", async ({
    emulator,
    chat,
    onTestFinished,
  }) => {
    const key = "sk-or-a-key-of-tests-4321";
    const console = await Console.start({
      emulator,
      variables: { CONSOLE_OPENROUTER_API_KEY: PLACEHOLDER_KEY },
    });
    onTestFinished(() => console.end());
    await emulator.say("With a key I will.");
    await chat.start(console.origin, "Will you answer?");
    await chat.answer.getByRole("link", { name: "Open settings" }).click();
    const field = chat.page.getByLabel("OpenRouter key");
    await field.fill(key);
    await chat.button("Save key").click();
    await chat.page.getByText("Key ending in 4321").waitFor();
    expect(await chat.page.content()).not.toContain(key);
    expect(await console.text("/api/settings")).not.toContain(key);

    await chat.page.goBack();
    await chat.answer.getByRole("button", { name: "Regenerate" }).first().click();
    await expect.poll(() => chat.text()).toBe("With a key I will.");
    await chat.untilEnded();
    expect(await emulator.calls()).toHaveLength(1);
  });
});
