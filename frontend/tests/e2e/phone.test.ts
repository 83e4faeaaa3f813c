import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { test as base } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
/** What a finger hits. */
const LEAST_TARGET_PX = 40;

const test = base.extend("phone", ({ visitor }) => visitor(PHONE));

test("a page or chat that is not there has a way to the others", async ({ console, phone }) => {
  phone.guard.tolerate(/status of 404/);
  const { page } = phone.chat;
  for (const [path, heading] of [
    ["/app/nowhere", "There is no such page"],
    ["/app/chat/01890000-0000-7000-8000-000000000000", "This chat is gone"],
  ] as const) {
    await page.goto(`${console.origin}${path}`);
    await page.getByRole("heading", { name: heading }).waitFor();
    await page.getByRole("button", { name: "Open the sidebar" }).click();
    await page.getByRole("link", { name: "Profiles" }).click();
    await page.getByRole("heading", { name: "Profiles", level: 1 }).waitFor();
  }
});

test("a tablet has the sidebar in a drawer, so that the screen fits", async ({
  console,
  visitor,
}) => {
  const { page } = (await visitor({ ...PHONE, viewport: { width: 844, height: 390 } })).chat;
  await page.goto(`${console.origin}/app/models`);
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  expect(await page.getByRole("complementary", { name: "Sidebar" }).count()).toBe(0);
  await page.getByRole("button", { name: "Open the sidebar" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
});

test("a button that is off looks off under the pointer too", async ({ console, visitor }) => {
  const { chat } = await visitor({ viewport: PHONE.viewport });
  await chat.open(console.origin);
  const send = chat.page.getByRole("button", { name: "Send" });
  const before = await colourOf(send);
  await send.hover({ force: true });
  expect(await colourOf(send)).toBe(before);
  await chat.page.getByRole("textbox", { name: "Message" }).fill("On");
  expect(await colourOf(send)).not.toBe(before);
});

test("who answers can be read in full, and the profiles fit the screen", async ({
  console,
  phone,
  onTestFinished,
}) => {
  const { chat } = phone;
  const names = [
    "Short",
    "A profile whose name is longer than any telephone is wide, and then some",
  ];
  for (const name of names) {
    const { id } = await console.json<{ id: number }>("/api/profiles", {
      method: "POST",
      body: JSON.stringify({ name }),
    });
    onTestFinished(() => console.text(`/api/profiles/${id}`, { method: "DELETE" }).then(() => {}));
  }
  await chat.open(`${console.origin}/?model=openai/gpt-4o-mini`);
  const model = chat.page.getByRole("combobox", { name: "Model: OpenAI: GPT-4o-mini" });
  const profile = chat.page.getByRole("combobox", { name: "Profile" });
  for (const picker of [model, profile]) expect(await isCut(picker)).toBe(false);

  await profile.click();
  const list = chat.page.getByRole("listbox");
  await list.waitFor();
  // It is placed once it is there.
  await expect.poll(async () => (await list.boundingBox())?.x).toBeGreaterThanOrEqual(8);
  const box = await list.boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(PHONE.viewport.width - 8);
});

test("what a chat's menu offers is large enough for a finger", async ({ console, phone }) => {
  await console.json("/api/sessions", { method: "POST", body: JSON.stringify({ title: "One" }) });
  const { page } = phone.chat;
  await page.goto(`${console.origin}/`);
  await page.getByRole("button", { name: "Open the sidebar" }).click();
  await page.getByRole("button", { name: "Actions for One" }).click();
  const items = page.getByRole("menuitem");
  await items.first().waitFor();
  for (const item of await items.all()) {
    expect((await item.boundingBox())?.height).toBeGreaterThanOrEqual(LEAST_TARGET_PX);
  }
});

/** Whether some of its words stand outside of what is shown of them. */
function isCut(button: Locator): Promise<boolean> {
  return button.locator(".truncate").evaluate((label) => label.scrollWidth > label.clientWidth + 1);
}

async function colourOf(target: Locator): Promise<string> {
  return target.evaluate(async (element) => {
    await Promise.all(element.getAnimations().map((one) => one.finished));
    return getComputedStyle(element).backgroundColor;
  });
}
