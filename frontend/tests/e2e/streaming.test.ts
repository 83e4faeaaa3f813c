import { describe, expect } from "vitest";
import { test } from "./harness/test.ts";
import { words } from "./harness/words.ts";

describe("an answer as it arrives", () => {
  test("grows on the screen, and never shows anything but its beginning", async ({
    console,
    emulator,
    chat,
  }) => {
    await emulator.say(words(80), 120);
    const session = await chat.start(console.origin, "Count for me.");
    await chat.record();
    await chat.untilEnded();

    const seen = await chat.seen();
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toBe(words(80));
    expect(seen.filter((text) => !words(80).startsWith(text))).toEqual([]);
    expect((await console.answer(session)).content).toBe(words(80));
  });

  test("with Markdown in it reads the same live and after a reload", async ({ console, chat }) => {
    await chat.start(console.origin, "Show me a list, a table and code.");
    await chat.untilEnded();
    const markdown = chat.answer.locator(".markdown");
    await markdown
      .locator(".code-block .hljs-keyword, .code-block .hljs-built_in")
      .first()
      .waitFor();
    expect(await markdown.locator("table").count()).toBe(1);
    const live = await markdown.innerHTML();

    await chat.page.reload();
    await markdown
      .locator(".code-block .hljs-keyword, .code-block .hljs-built_in")
      .first()
      .waitFor();
    expect(await markdown.innerHTML()).toBe(live);
  });

  test("shows what a reasoning model thought, closed until it is opened", async ({
    console,
    emulator,
    chat,
  }) => {
    await emulator.behave("rate=60");
    await chat.open(`${console.origin}/`);
    await chat.page.getByRole("combobox", { name: /^Model:/ }).click();
    await chat.page.getByRole("combobox", { name: "Search models" }).fill("o3-mini");
    await chat.page.getByRole("option", { name: /o3 Mini/ }).click();
    await chat.send("Think about it first.");
    await chat.button(/^Thinking/).waitFor();
    await chat.untilEnded();

    const disclosure = chat.button(/^Thought for/);
    expect(await disclosure.getAttribute("aria-expanded")).toBe("false");
    await disclosure.click();
    const stored = await console.answer(chat.sessionId());
    const reasoning = stored.parts.find((part) => part.type === "reasoning");
    const shown = chat.answer.locator("section .markdown");
    expect(reasoning?.text).not.toBe("");
    expect(await shown.textContent()).toBe(reasoning?.text);
    expect((await emulator.calls()).at(-1)?.reasoning_tokens).toBeGreaterThan(0);
  });

  test("costs what the provider says, to the last digit", async ({ console, emulator, chat }) => {
    const session = await chat.start(console.origin, "What do you cost?");
    await chat.untilEnded();

    const [call, ...others] = await emulator.calls();
    expect(others).toEqual([]);
    const body = await console.text(`/api/sessions/${session}/messages`);
    expect(body).toContain(`"cost_usd":${call?.cost}`);
    const chips = chat.answer.getByRole("list", { name: "Usage" });
    const tokens = (call?.prompt_tokens ?? 0) + (call?.completion_tokens ?? 0);
    await expect.poll(() => chips.textContent()).toContain(`$${call?.cost}`);
    expect(await chips.textContent()).toContain(`${tokens} tokens`);
    const total = chat.page.getByRole("banner").or(chat.page.locator("main > header"));
    await expect.poll(() => total.textContent()).toContain(`$${call?.cost}`);
  });
});

describe("a reader's hand on the answer", () => {
  test("stops it, and what was written stays", async ({ console, emulator, chat }) => {
    await emulator.say(words(400), 120);
    const session = await chat.start(console.origin, "Write a long text.");
    await chat.untilText(60);
    await chat.button("Stop (Escape)").click();
    await chat.untilEnded();

    await chat.answer.getByText("Stopped", { exact: true }).waitFor();
    const shown = await chat.text();
    expect(shown.length).toBeGreaterThanOrEqual(60);
    expect(words(400).startsWith(shown)).toBe(true);
    const stored = await console.answer(session);
    expect(stored).toMatchObject({ status: "stopped", content: shown });
    await expect.poll(async () => (await emulator.calls())[0]?.status).toBe("cancelled");
  });

  test("lets it go on where it was stopped", async ({ console, emulator, chat }) => {
    await emulator.say(words(120), 150);
    const session = await chat.start(console.origin, "Write a long text.");
    await chat.untilText(60);
    await chat.composer.press("Escape");
    await chat.untilEnded();
    const before = await chat.text();
    await chat.record();
    await chat.button("Continue").click();
    await expect.poll(() => chat.text()).toBe(words(120));
    await chat.untilEnded();

    expect((await chat.seen()).filter((text) => !text.startsWith(before))).toEqual([]);
    expect(await console.answer(session)).toMatchObject({
      status: "completed",
      content: words(120),
    });
    expect(await emulator.calls()).toHaveLength(2);
  });

  test("asks for another version, and both are kept side by side", async ({
    console,
    emulator,
    chat,
  }) => {
    await emulator.say("The first version.");
    await chat.start(console.origin, "Say it.");
    await expect.poll(() => chat.text()).toBe("The first version.");
    await chat.untilEnded();
    await emulator.say("The second version.");
    await chat.button("Regenerate").click();
    await expect.poll(() => chat.text()).toBe("The second version.");
    await chat.untilEnded();

    const versions = chat.answer.getByRole("group", { name: "Versions" });
    expect(await versions.textContent()).toBe("2 / 2");
    await versions.getByRole("button", { name: "Previous version" }).click();
    await expect.poll(() => chat.text()).toBe("The first version.");
    expect(await versions.textContent()).toBe("1 / 2");
    expect(await chat.answers.count()).toBe(1);
    await chat.page.reload();
    await expect.poll(() => chat.text()).toBe("The first version.");
    expect(await emulator.calls()).toHaveLength(2);
  });
});
