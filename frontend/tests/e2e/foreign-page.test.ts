import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { REBOUND_HOST } from "./harness/chromium.ts";
import type { Console } from "./harness/console.ts";
import { ForeignSite } from "./harness/foreign-site.ts";
import { test as base } from "./harness/test.ts";

/** A session with an unanswered question: whoever may attach to its stream spends money. */
const test = base
  .extend("question", async ({ console }) => {
    const session = await console.json<{ id: string }>("/api/sessions", {
      method: "POST",
      body: JSON.stringify({ title: "Private" }),
    });
    await console.json("/api/messages", {
      method: "POST",
      body: JSON.stringify({ session_id: session.id, role: "user", content: "A secret question" }),
    });
    return session.id;
  })
  .extend("stored", async ({ console, question }) => ({
    question,
    all: await everything(console),
  }));

const everything = async (console: Console): Promise<string[]> =>
  Promise.all(
    ["/api/sessions", "/api/settings", "/api/profiles", "/api/usage"].map((path) =>
      console.text(path),
    ),
  );

/** What a foreign page gets of an address, by every way there is to ask. */
async function attempts(page: Page, url: string): Promise<Record<string, string>> {
  return page.evaluate(async (target) => {
    const told = (promise: Promise<string>): Promise<string> => promise.catch(() => "refused");
    const read = async (init: RequestInit): Promise<string> => {
      const response = await fetch(target, init);
      return response.type === "opaque" ? "opaque" : response.text();
    };
    const loads = (element: HTMLElement, name: "src" | "data" | "href"): Promise<string> =>
      new Promise((resolve, reject) => {
        element.addEventListener("load", () => resolve("loaded"));
        element.addEventListener("error", () => reject(new Error(name)));
        element.setAttribute(name, target);
        document.body.append(element);
      });
    const body = JSON.stringify({ content: "Spend something", parts: null });
    const source = new EventSource(target);
    const streamed = new Promise<string>((resolve, reject) => {
      source.addEventListener("open", () => resolve("open"));
      source.addEventListener("error", () => reject(new Error("refused")));
    });
    const results = {
      get: await told(read({})),
      opaque: await told(read({ mode: "no-cors" })),
      post: await told(
        read({ method: "POST", headers: { "Content-Type": "application/json" }, body }),
      ),
      simplePost: await told(read({ method: "POST", mode: "no-cors", body })),
      beacon: String(navigator.sendBeacon(target, body)),
      image: await told(loads(new Image(), "src")),
      style: await told(
        loads(Object.assign(document.createElement("link"), { rel: "stylesheet" }), "href"),
      ),
      script: await told(loads(document.createElement("script"), "src")),
      events: await told(streamed),
    };
    source.close();
    return results;
  }, url);
}

describe("a foreign page on this machine", () => {
  test("reads nothing, changes nothing and spends nothing", async ({
    console,
    emulator,
    stored,
    reader,
    onTestFinished,
  }) => {
    reader.guard.tolerate(/./);
    const site = await ForeignSite.serve("<!doctype html><title>Elsewhere</title><body></body>");
    onTestFinished(() => site.end());
    const targets = [
      `/api/stream?session_id=${stored.question}`,
      `/api/sessions/${stored.question}/messages`,
      "/api/generations",
      "/api/sessions",
      "/api/events",
      "/api/settings",
    ];
    for (const host of ["127.0.0.1", "localhost"]) {
      await reader.chat.page.goto(`http://${host}:${site.port}/`);
      for (const target of targets) {
        const got = await attempts(reader.chat.page, `${console.origin}${target}`);
        // An opaque reply, and a beacon that was sent, tell the page nothing; what they did is looked at below.
        expect({ host, target, ...got }).toEqual({
          host,
          target,
          get: "refused",
          opaque: expect.stringMatching(/opaque|refused/) as string,
          post: "refused",
          simplePost: expect.stringMatching(/opaque|refused/) as string,
          beacon: "true",
          image: "refused",
          style: "refused",
          script: "refused",
          events: "refused",
        });
      }
    }
    expect(await everything(console)).toEqual(stored.all);
    expect(await emulator.calls()).toEqual([]);
  });

  test("cannot send the reader there with a form or a link that spends", async ({
    console,
    emulator,
    stored,
    reader,
    onTestFinished,
  }) => {
    reader.guard.tolerate(/./);
    const site = await ForeignSite.serve(`<!doctype html><body>
      <form method="post" enctype="text/plain" action="${console.origin}/api/generations">
        <input name='{"content":"Spend","x":"' value='"}'><button>Win</button>
      </form>
      <a href="${console.origin}/api/stream?session_id=${stored.question}">Read on</a></body>`);
    onTestFinished(() => site.end());
    const { page } = reader.chat;
    for (const bait of ["button", "a"]) {
      await page.goto(`http://127.0.0.1:${site.port}/`);
      await page.locator(bait).click();
      await page.waitForURL(`${console.origin}/**`);
      expect(await page.textContent("body")).toContain("forbidden_origin");
    }
    expect(await everything(console)).toEqual(stored.all);
    expect(await emulator.calls()).toEqual([]);
  });

  test("cannot show the console in a frame", async ({ console, reader, onTestFinished }) => {
    reader.guard.tolerate(/status of 403|frame-ancestors/);
    const site = await ForeignSite.serve(
      `<!doctype html><body><iframe src="${console.origin}/"></iframe></body>`,
    );
    onTestFinished(() => site.end());
    const { page } = reader.chat;
    await page.goto(`http://127.0.0.1:${site.port}/`);
    await expect.poll(() => reader.guard.tolerated).not.toEqual([]);
    expect(await page.frameLocator("iframe").getByRole("textbox").count()).toBe(0);
  });

  test("under a name that leads here gets nothing at all", async ({ console, reader }) => {
    reader.guard.tolerate(/rebound\.example|status of 421|Cross-Origin-Opener-Policy/);
    const { page } = reader.chat;
    for (const path of ["/", "/api/sessions"]) {
      const response = await page.goto(`http://${REBOUND_HOST}:${console.port}${path}`);
      expect(response?.status()).toBe(421);
      expect(await page.textContent("body")).toContain("bad_host");
    }
  });
});
