import type { BrowserContext } from "playwright-core";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Sees what no page may do: break its content policy, throw, complain on the console, reach beyond loopback.
 * Chromium reports a broken policy and a failed request as console errors, so those are seen too.
 */
export class Guard {
  readonly problems: string[] = [];
  /** What happened of that which is part of the story. */
  readonly tolerated: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(context: BrowserContext) {
    context.on("console", (message) => {
      if (message.type() === "error") this.#note(`console: ${message.text()}`);
    });
    context.on("weberror", (failure) => this.#note(`page error: ${failure.error().stack}`));
    context.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith("http") && !LOOPBACK.has(hostname)) {
        this.#note(`request beyond loopback: ${request.url()}`);
      }
    });
  }

  /** From now on these are part of the story. */
  tolerate(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  check(): void {
    if (this.problems.length > 0)
      throw new Error(`The page did wrong:\n${this.problems.join("\n")}`);
  }

  #note(problem: string): void {
    const isExpected = this.#expected.some((pattern) => pattern.test(problem));
    (isExpected ? this.tolerated : this.problems).push(problem);
  }
}
