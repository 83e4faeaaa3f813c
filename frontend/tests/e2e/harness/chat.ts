import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** The chat screen in words of its reader. */
export class Chat {
  readonly page: Page;
  readonly composer: Locator;
  readonly answers: Locator;
  readonly answer: Locator;
  readonly unreachable: Locator;

  constructor(page: Page) {
    this.page = page;
    this.composer = page.getByRole("textbox", { name: "Message", exact: true });
    this.answers = page.getByRole("article", { name: /^Answer by/ });
    this.answer = this.answers.last();
    this.unreachable = page.getByText("The console does not answer.");
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.composer.waitFor();
  }

  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Sends it from the start page and returns the id of the session that this made. */
  async start(origin: string, text: string): Promise<string> {
    await this.open(`${origin}/`);
    await this.send(text);
    await this.page.waitForURL(/\/app\/chat\//);
    return this.sessionId();
  }

  sessionId(): string {
    return new URL(this.page.url()).pathname.split("/").at(-1) ?? "";
  }

  /** The text of the newest answer as it stands on the screen, its reasoning left out. */
  text(): Promise<string> {
    return this.page.evaluate(() => {
      const parts = [...document.querySelectorAll('[role="log"] article[aria-label^="Answer"]')]
        .at(-1)
        ?.querySelectorAll(":scope > div > .markdown");
      return [...(parts ?? [])].map((part) => part.textContent).join("");
    });
  }

  async untilText(least: number): Promise<void> {
    await expect.poll(async () => (await this.text()).length).toBeGreaterThanOrEqual(least);
  }

  async untilEnded(timeout_ms = 30_000): Promise<void> {
    const ended = this.page.locator('[role="log"][aria-busy="false"] article[aria-busy="false"]');
    await ended.last().waitFor({ timeout: timeout_ms });
    await this.page.locator('article[aria-busy="true"]').waitFor({ state: "detached" });
  }

  /** Begins to record every text that the newest answer has on the screen. Lost by a reload. */
  async record(): Promise<void> {
    await this.page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      const look = (): void => {
        const parts = [...document.querySelectorAll('[role="log"] article[aria-label^="Answer"]')]
          .at(-1)
          ?.querySelectorAll(":scope > div > .markdown");
        const text = [...(parts ?? [])].map((part) => part.textContent).join("");
        if (text !== "" && text !== seen.at(-1)) seen.push(text);
      };
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
  }

  /** Every text that the newest answer had on the screen since `record`, in order. */
  seen(): Promise<string[]> {
    return this.page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  }
}
