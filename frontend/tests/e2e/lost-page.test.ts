import { expect } from "vitest";
import { Console } from "./harness/console.ts";
import { test } from "./harness/test.ts";
import { Wire } from "./harness/wire.ts";
import { words } from "./harness/words.ts";

test("a reload in mid-answer shows at once what was read before, and goes on to the end", async ({
  console,
  emulator,
  chat,
}) => {
  await emulator.say(words(200), 150);
  const session = await chat.start(console.origin, "Write while I reload.");
  await chat.untilText(100);
  const before = await chat.text();
  await chat.page.reload();
  await chat.answer.locator(".markdown").waitFor();
  const first = await chat.text();
  await chat.record();

  expect(first.slice(0, before.length)).toBe(before);
  expect(first.length).toBeLessThan(words(200).length);
  await chat.untilEnded();
  expect(await chat.text()).toBe(words(200));
  expect((await chat.seen()).filter((text) => !text.startsWith(before))).toEqual([]);
  expect((await console.answer(session)).content).toBe(words(200));
  expect(await emulator.calls()).toHaveLength(1);
});

test("a server killed in mid-answer has stored every character that was on the screen", async ({
  emulator,
  chat,
  guard,
  onTestFinished,
}) => {
  const console = await Console.start({ emulator });
  onTestFinished(() => console.end());
  guard.tolerate(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/);
  await emulator.say(words(200), 150);
  const session = await chat.start(console.origin, "Write until you are killed.");
  await chat.untilText(150);
  await console.kill();
  await chat.unreachable.waitFor();
  const onScreen = await chat.text();
  expect(onScreen.length).toBeGreaterThanOrEqual(150);

  await chat.record();
  await console.restart();
  await chat.answer.getByText("Interrupted", { exact: true }).waitFor({ timeout: 30_000 });
  await chat.unreachable.waitFor({ state: "hidden" });
  const stored = await console.answer(session);
  expect(stored).toMatchObject({ status: "interrupted" });
  expect(stored.content.slice(0, onScreen.length)).toBe(onScreen);
  await expect.poll(() => chat.text()).toBe(stored.content);
  expect((await chat.seen()).filter((text) => !text.startsWith(onScreen))).toEqual([]);
  expect(await emulator.calls()).toHaveLength(1);

  await chat.answer.getByRole("button", { name: "Continue" }).first().click();
  await expect.poll(() => chat.text()).toBe(words(200));
  await chat.untilEnded();
  expect(await emulator.calls()).toHaveLength(2);
  expect((await console.answer(session)).content).toBe(words(200));
});

/** Where each connection breaks, in bytes: in its headers, in its first frames, in the middle of later ones. */
const BREAKS = [
  700, 60, 1100, 900, 350, 1500, 650, 1300, 10, 2100, 800, 1700, 950, 1200, 2500, 640,
];

test("a connection that breaks again and again loses and doubles nothing", async ({
  console,
  emulator,
  chat,
  guard,
  onTestFinished,
}) => {
  const wire = await Wire.to(console.port);
  onTestFinished(() => wire.end());
  guard.tolerate(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  await emulator.say(words(600), 240);
  const session = await chat.start(wire.origin, "Write through the storm.");
  await chat.untilText(40);
  await chat.record();
  wire.storm(BREAKS);
  await chat.untilEnded(50_000);

  expect(wire.cut).toBeGreaterThan(8);
  expect(await chat.text()).toBe(words(600));
  const seen = await chat.seen();
  expect(seen.filter((text) => !words(600).startsWith(text))).toEqual([]);
  expect(seen.filter((text, index) => text.length < (seen[index - 1]?.length ?? 0))).toEqual([]);
  expect((await console.answer(session)).content).toBe(words(600));
  expect(await emulator.calls()).toHaveLength(1);
});

test("a computer without a network still talks to the console that runs on it", async ({
  console,
  emulator,
  chat,
}) => {
  await emulator.say("Right here.");
  await chat.open(`${console.origin}/`);
  await chat.page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await chat.send("Are you there?");
  await expect.poll(() => chat.text()).toBe("Right here.");
  await chat.page.getByRole("link", { name: "Profiles" }).click();
  await chat.page.getByText("No profiles yet").waitFor();
});
