import { expect } from "vitest";
import { test as base } from "./harness/test.ts";

const SECTIONS = 60;

const test = base.extend("console", async ({ sharedConsole, provider }) => {
  await provider.reset();
  await sharedConsole.json("/api/settings", { method: "PATCH", body: '{"max_tokens":16000}' });
  return sharedConsole;
});

/** About 5,000 tokens of everything: headings, lists, tables, code. */
function document(): string {
  return Array.from({ length: SECTIONS }, (_, index) =>
    [
      `## Section ${index}`,
      `Some **bold** words and some \`code\`, then a sentence that goes on for a while, number ${index}.`,
      `- one of ${index}\n- two of ${index}\n- three of ${index}`,
      index % 5 === 0 ? "| a | b |\n|---|---|\n| 1 | 2 |" : `> quoted ${index}`,
      `\`\`\`python\nfor step in range(${index}):\n    print("step", step)\n\`\`\``,
    ].join("\n\n"),
  ).join("\n\n");
}

test("a long answer ends with exactly its text, and reads the same after a reload", async ({
  console,
  emulator,
  chat,
}) => {
  const text = document();
  await emulator.say(text, 1000);
  await chat.open(`${console.origin}/`);
  await chat.page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { tasks });
    new PerformanceObserver((list) =>
      tasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ type: "longtask" });
  });
  await chat.send("Write a book.");
  await chat.page.waitForURL(/\/app\/chat\//);
  const session = chat.sessionId();
  await chat.untilEnded();
  const stored = await console.answer(session);
  expect(stored.content).toBe(text);
  const [call] = await emulator.calls();
  expect(call?.text).toBe(text);
  const tasks = await chat.page.evaluate(() => (window as unknown as { tasks: number[] }).tasks);
  process.stdout.write(
    `${call?.completion_tokens} tokens: ${tasks.length} long tasks, ${Math.round(Math.max(0, ...tasks))} ms at most\n`,
  );

  const live = await chat.text();
  expect(live).toContain(`Section ${SECTIONS - 1}`);
  await chat.page.reload();
  await expect.poll(() => chat.text()).toBe(live);
  expect(await emulator.calls()).toHaveLength(1);
});

test("a reader who scrolls up is left alone until they ask for the newest words", async ({
  console,
  emulator,
  chat,
}) => {
  await emulator.say(document(), 500);
  await chat.start(console.origin, "Write a book.");
  const log = chat.page.getByRole("log", { name: "Conversation" });
  const left = (): Promise<number> =>
    log.evaluate(({ scrollHeight, scrollTop, clientHeight }) =>
      Math.round(scrollHeight - scrollTop - clientHeight),
    );
  const above = (): Promise<number> => log.evaluate(({ scrollTop }) => scrollTop);
  await expect.poll(above).toBeGreaterThan(300);
  await expect.poll(left).toBeLessThanOrEqual(8);

  await log.hover();
  await chat.page.mouse.wheel(0, -60);
  const jump = chat.button("Jump to latest");
  await jump.waitFor();
  await expect.poll(left).toBeGreaterThan(8);
  const reading = await above();
  const length = (await chat.text()).length;
  await chat.untilText(length + 500);
  expect(Math.abs((await above()) - reading)).toBeLessThanOrEqual(1);

  await jump.click();
  await expect.poll(left).toBeLessThanOrEqual(8);
  await chat.untilEnded();
  await expect.poll(left).toBeLessThanOrEqual(8);
});
