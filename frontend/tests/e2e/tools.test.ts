import { AxeBuilder } from "@axe-core/playwright";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Console } from "./harness/console.ts";
import { ARTIFACTS } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const TOOLS = ["get_weather", "get_time"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: { city: { type: "string" } } } },
}));

/** The default profile of the console offers the tools from now on. */
async function offerTools(console: Console): Promise<number> {
  const profile = await console.json<{ id: number }>("/api/profiles", {
    method: "POST",
    body: JSON.stringify({ name: "Tools", tools: TOOLS, is_default: true }),
  });
  return profile.id;
}

test("calls of tools wait for their results, which send the answer on", async ({
  console,
  emulator,
  chat,
  visitor,
  onTestFinished,
}) => {
  const profile = await offerTools(console);
  onTestFinished(() =>
    console.text(`/api/profiles/${profile}`, { method: "DELETE" }).then(() => {}),
  );
  await emulator.behave("tool_calls=2");
  const session = await chat.start(console.origin, "Oslo");
  await chat.untilEnded();
  const form = chat.page.getByRole("form", { name: "Tool results" });
  await form.waitFor();
  const call = chat.page.getByRole("region", { name: "Call of get_weather" });
  expect(await call.textContent()).toContain("Waits for its result");
  expect(await call.getByRole("code").last().textContent()).toMatch(/^\{\n {2}"city": /);

  const weather = form.getByLabel("Result of get_weather (call 1)");
  const clock = form.getByLabel("Result of get_time (call 2)");
  await weather.fill('{"sky":"rain"}');
  await form.getByRole("button", { name: "Send results" }).click();
  await form.getByText("Say what the tool gave back.").waitFor();
  expect(await clock.evaluate((field) => field === document.activeElement)).toBe(true);
  expect(await violations(chat.page)).toEqual([]);
  await chat.page.screenshot({ path: join(ARTIFACTS, "tools-open.png") });

  // What was typed is there again, and nothing was sent.
  await chat.page.reload();
  await expect.poll(() => weather.inputValue()).toBe('{"sky":"rain"}');
  expect(await emulator.calls()).toHaveLength(1);

  // On another device too, and what it adds is here after a reload.
  const elsewhere = (await visitor(PHONE)).chat;
  await elsewhere.open(`${console.origin}/app/chat/${session}`);
  const clockElsewhere = elsewhere.page.getByLabel("Result of get_time (call 2)");
  await expect
    .poll(() => elsewhere.page.getByLabel("Result of get_weather (call 1)").inputValue())
    .toBe('{"sky":"rain"}');
  await clockElsewhere.fill("11:00");
  const draft = async (): Promise<string> => console.text(`/api/sessions/${session}/draft`);
  await expect.poll(draft).toContain("11:00");
  await elsewhere.page.close();
  await chat.page.reload();
  await expect.poll(() => clock.inputValue()).toBe("11:00");
  expect(await weather.inputValue()).toBe('{"sky":"rain"}');

  await emulator.say("Rain at noon.");
  await clock.fill("12:00");
  await clock.press("Control+Enter");
  await expect.poll(() => chat.text()).toBe("Rain at noon.");
  await chat.untilEnded();
  await form.waitFor({ state: "detached" });
  await expect.poll(draft).toBe('{"text":"","parts":[]}');
  expect((await console.messages(session)).map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "tool",
    "assistant",
  ]);
  const rows = chat.page.getByRole("article", { name: "Tool results" });
  const seen = async (): Promise<void> => {
    await rows.getByRole("region", { name: "Result of get_weather" }).waitFor();
    expect(await rows.textContent()).toContain('"sky": "rain"');
    expect(await rows.textContent()).toContain("12:00");
    expect(await call.textContent()).toContain("Result below");
  };
  await seen();
  await chat.page.reload();
  await seen();
  expect(await violations(chat.page)).toEqual([]);
});

test("a long result is folded, and one that nobody answered can be answered", async ({
  console,
  emulator,
  visitor,
}) => {
  await emulator.behave("tool_calls=1");
  const { generation, session } = await console.json<{
    generation: { id: string };
    session: { id: string };
  }>("/api/generations", {
    method: "POST",
    body: JSON.stringify({ content: "Oslo", tools: TOOLS }),
  });
  await expect.poll(async () => (await console.answer(session.id)).status).toBe("completed");
  const answer = await console.answer(session.id);
  expect(answer.generation_id).toBe(generation.id);
  const made = answer.parts.find((part) => part.type === "tool_call");
  const lines = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
  await console.json("/api/messages", {
    method: "POST",
    body: JSON.stringify({
      session_id: session.id,
      role: "tool",
      tool_call_id: made?.type === "tool_call" ? made.id : "",
      content: lines,
    }),
  });

  const { chat } = await visitor({ ...PHONE, colorScheme: "dark" });
  await chat.open(`${console.origin}/app/chat/${session.id}`);
  const row = chat.page.getByRole("article", { name: "Tool results" });
  await row.waitFor();
  expect(await row.textContent()).not.toContain("line 39");
  await row.getByRole("button", { name: /^Show all/ }).click();
  expect(await row.textContent()).toContain("line 39");
  await row.getByRole("button", { name: "Show less" }).click();
  await chat.page.screenshot({ path: join(ARTIFACTS, "tools-phone.png") });
  expect(await violations(chat.page)).toEqual([]);

  await emulator.say("Forty lines.");
  await chat.button("Get the answer").click();
  await expect.poll(() => chat.text()).toBe("Forty lines.");
  await chat.untilEnded();
  expect(await chat.button("Get the answer").count()).toBe(0);
});

test("a profile takes tools as JSON and says what is wrong with them", async ({
  console,
  chat,
  guard,
}) => {
  guard.tolerate(/status of 422/);
  const { page } = chat;
  await page.goto(`${console.origin}/app/profiles?profile=new`);
  await page.getByLabel("Name", { exact: true }).fill("With tools");
  const field = page.getByLabel("Tools", { exact: true });
  await field.fill('[{"type":"function","function":{"name":"two words"}}]');
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Tool 1 has a name that is not").waitFor();
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);

  // What only the server knows to refuse stands at the field too.
  await field.fill('[{"type":"function","function":{"name":"a","strict":"perhaps"}}]');
  await page.getByRole("button", { name: "Create" }).click();
  await page
    .getByText(/strict/)
    .last()
    .waitFor();
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  expect(await violations(page)).toEqual([]);

  await field.fill("");
  await page.getByRole("button", { name: "Start from an example" }).click();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  const { items } = await console.json<{ items: { name: string; tools: unknown[] }[] }>(
    "/api/profiles",
  );
  expect(items.find(({ name }) => name === "With tools")?.tools).toHaveLength(1);
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
