import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { test } from "./harness/test.ts";

const MISDEEDS: Record<string, { act: (page: Page) => Promise<unknown>; noted: RegExp }> = {
  "breaks its content policy": {
    act: (page) =>
      page.evaluate(() => {
        document.body.append(
          Object.assign(document.createElement("style"), { textContent: "a{}" }),
        );
      }),
    noted: /console: .*Content Security Policy/,
  },
  "throws where nobody catches": {
    act: (page) =>
      page.evaluate(() => {
        setTimeout(() => {
          throw new Error("a slip");
        });
      }),
    noted: /page error: Error: a slip/,
  },
  "complains on the console": {
    act: (page) => page.evaluate(() => window.console.error("a complaint")),
    noted: /console: a complaint/,
  },
  "follows a link beyond loopback": {
    act: (page) => page.goto("http://elsewhere.example/").catch(() => null),
    noted: /request beyond loopback: http:\/\/elsewhere\.example\//,
  },
};

describe("these tests notice when the page", () => {
  for (const [misdeed, { act, noted }] of Object.entries(MISDEEDS)) {
    test(misdeed, async ({ console, chat, guard }) => {
      await chat.open(`${console.origin}/`);
      expect(guard.problems).toEqual([]);
      await act(chat.page);
      await expect.poll(() => guard.problems.join("\n")).toMatch(noted);
      expect(() => guard.check()).toThrow(noted);
      guard.problems.length = 0;
    });
  }
});
