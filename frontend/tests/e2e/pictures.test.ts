import { AxeBuilder } from "@axe-core/playwright";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { ARTIFACTS } from "./harness/places.ts";
import { test } from "./harness/test.ts";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const DOT = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg==",
  "base64",
);
const dot = { name: "dot.png", mimeType: "image/png", buffer: DOT };

test("pictures are attached by file and by paste, scaled down, sent, and there after a reload", async ({
  console,
  emulator,
  chat,
}) => {
  await emulator.say("Two pictures.");
  await chat.open(`${console.origin}/`);
  const waiting = chat.page.getByRole("list", { name: "Pictures to send" }).getByRole("img");
  await chat.page.getByLabel("Pictures", { exact: true }).setInputFiles([dot]);
  await waiting.waitFor();
  await pasteLargePicture(chat.page);
  await expect.poll(() => waiting.count()).toBe(2);
  expect(await waiting.last().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(2000);
  await chat.page.screenshot({ path: join(ARTIFACTS, "pictures-composer.png") });
  expect(await violations(chat.page)).toEqual([]);

  await chat.page.getByLabel("Pictures", { exact: true }).setInputFiles([dot]);
  await expect.poll(() => waiting.count()).toBe(3);
  await chat.button("Remove dot.png").last().click();
  await expect.poll(() => waiting.count()).toBe(2);

  await chat.send("What is this?");
  await expect.poll(() => chat.text()).toBe("Two pictures.");
  await chat.untilEnded();
  expect(await waiting.count()).toBe(0);
  const [question] = await console.messages(chat.sessionId());
  expect(question?.parts.map(({ type }) => type)).toEqual(["text", "image", "image"]);
  await chat.page.reload();
  const shown = chat.page.getByRole("article", { name: "You" }).getByRole("img");
  await shown.first().waitFor();
  expect(await shown.count()).toBe(2);
  expect(await violations(chat.page)).toEqual([]);
});

test("pictures that wait in a conversation are there after a reload and on another device", async ({
  console,
  emulator,
  chat,
  visitor,
}) => {
  await emulator.say("Go on.");
  const session = await chat.start(console.origin, "Hello");
  await chat.untilEnded();
  await chat.composer.fill("What is this?");
  await chat.page.getByLabel("Pictures", { exact: true }).setInputFiles([dot, dot]);
  const waiting = chat.page.getByRole("list", { name: "Pictures to send" }).getByRole("img");
  await expect.poll(() => waiting.count()).toBe(2);
  const draft = async (): Promise<{ text: string; parts: object[] }> =>
    console.json(`/api/sessions/${session}/draft`);
  await expect.poll(async () => (await draft()).parts.length).toBe(2);
  await chat.page.reload();
  await expect.poll(() => waiting.count()).toBe(2);
  await chat.button("Remove dot.png").first().click();
  await expect.poll(async () => (await draft()).parts.length).toBe(1);

  const elsewhere = (await visitor({ ...PHONE })).chat;
  await elsewhere.open(`${console.origin}/app/chat/${session}`);
  const waitingThere = elsewhere.page.getByRole("list", { name: "Pictures to send" });
  await waitingThere.getByRole("img").waitFor();
  await expect.poll(() => elsewhere.composer.inputValue()).toBe("What is this?");
  await elsewhere.button("Send").click();
  await elsewhere.untilEnded();
  await waitingThere.waitFor({ state: "detached" });
  const [, , question] = await console.messages(session);
  expect(question?.parts.map(({ type }) => type)).toEqual(["text", "image"]);
  await expect.poll(draft).toEqual({ text: "", parts: [] });
});

test("a file that is no picture is refused, and so are pictures for a model that takes none", async ({
  console,
  chat,
}) => {
  await chat.open(`${console.origin}/?model=deepseek/deepseek-r1`);
  const files = chat.page.getByLabel("Pictures", { exact: true });
  await files.setInputFiles([{ name: "plan.pdf", mimeType: "application/pdf", buffer: DOT }]);
  await chat.page.getByText("“plan.pdf” is not a PNG, JPEG, WebP or GIF.").waitFor();
  await files.setInputFiles([{ ...dot, name: "broken.png", buffer: Buffer.from("no picture") }]);
  await chat.page.getByText("“broken.png” cannot be read as a picture.").waitFor();
  await files.setInputFiles([dot]);
  await chat.page.getByText(/takes no pictures\. Pick another model below/).waitFor();
  await chat.composer.fill("What is this?");
  expect(await chat.button("Send").isDisabled()).toBe(true);
  await chat.button("Remove dot.png").click();
  expect(await chat.button("Send").isDisabled()).toBe(false);
});

test("a picture that was drawn is shown and can be kept, nothing is fetched from elsewhere", async ({
  console,
  visitor,
}) => {
  const { session } = await console.json<{ session: { id: string } }>("/api/generations", {
    method: "POST",
    body: JSON.stringify({
      parts: [
        { type: "text", text: "Draw it like this one." },
        { type: "image", url: "https://pictures.example/one.png" },
      ],
      model: "google/gemini-2.5-flash-image",
      modalities: ["text", "image"],
    }),
  });
  await expect.poll(async () => (await console.answer(session.id)).status).toBe("completed");
  const { chat } = await visitor({ ...PHONE, colorScheme: "dark" });
  await chat.open(`${console.origin}/app/chat/${session.id}`);
  const picture = chat.answer.getByRole("img").first();
  await picture.waitFor();
  const download = chat.page.waitForEvent("download");
  await chat.answer.getByRole("link", { name: /^Download image-/ }).click();
  expect((await download).suggestedFilename()).toMatch(/^image-\d+\.png$/);
  const link = chat.page.getByRole("article", { name: "You" }).getByRole("link");
  expect(await link.textContent()).toContain("pictures.example");
  expect(await link.getAttribute("rel")).toContain("noreferrer");
  await chat.page.screenshot({ path: join(ARTIFACTS, "pictures-phone.png") });
  expect(await violations(chat.page)).toEqual([]);
});

test("a picture shows as it comes, while the answer goes on", async ({
  console,
  emulator,
  chat,
}) => {
  const text = encodeURIComponent("Here it is, and then some more words.");
  await emulator.behave(`huge_frame mb=1 after=2 kind=image; stall after=5; text=${text}`);
  await chat.start(console.origin, "Draw a cat.");
  const picture = chat.answer.getByRole("img");
  await picture.waitFor();
  expect(await chat.answer.getAttribute("aria-busy")).toBe("true");
  const shown = await picture.getAttribute("src");
  await emulator.release();
  await chat.untilEnded();
  expect(await chat.text()).toBe("Here it is, and then some more words.");
  expect(await picture.getAttribute("src")).toBe(shown);
});

test("what an answer cites is listed below it, with its hosts", async ({
  console,
  emulator,
  chat,
}) => {
  await emulator.behave("citations n=3; text=As%20they%20say.");
  await chat.start(console.origin, "Who says so?");
  await chat.untilEnded();
  const sources = chat.answer.getByRole("region", { name: "Sources" }).getByRole("listitem");
  const expected = async (): Promise<void> => {
    await sources.first().waitFor();
    expect(await sources.count()).toBe(3);
    expect(await sources.first().textContent()).toMatch(/Who says so\?, page 1.*example\.org/);
    expect(await sources.first().getByRole("link").getAttribute("rel")).toBe("noreferrer noopener");
    expect(await chat.text()).toBe("As they say.");
  };
  await expected();
  await chat.page.screenshot({ path: join(ARTIFACTS, "sources.png") });
  await chat.page.reload();
  await expected();
  expect(await violations(chat.page)).toEqual([]);
});

/** Pastes a picture that is 3000 pixels wide into the composer. */
async function pasteLargePicture(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 3000, height: 1500 });
    const context = canvas.getContext("2d");
    context?.fillRect(0, 0, 1500, 1500);
    const blob = await new Promise<Blob | null>((take) => canvas.toBlob(take, "image/png"));
    if (!blob) throw new Error("The canvas gave no picture.");
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([blob], "large.png", { type: "image/png" }));
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.querySelector('textarea[aria-label="Message"]')?.dispatchEvent(event);
  });
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
