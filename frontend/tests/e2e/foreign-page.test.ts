import { describe, expect } from "vitest";
import { attempts, baits } from "./harness/attempts.ts";
import { REBOUND_HOST } from "./harness/chromium.ts";
import { Console } from "./harness/console.ts";
import { ForeignSite } from "./harness/foreign-site.ts";
import { test as base } from "./harness/test.ts";

const modes = {
  auto: base,
  token: base.extend("sharedConsole", { scope: "file" }, async ({ provider }, { onCleanup }) => {
    const variables = { CONSOLE_AUTH: "token" };
    const console = await Console.start({ emulator: provider, variables });
    onCleanup(() => console.end());
    return console;
  }),
};

/** A session with an unanswered question: whoever may attach to its stream spends money. */
const withQuestion = (first: typeof base) =>
  first
    .extend("question", async ({ console }) => {
      const session = await console.json<{ id: string }>("/api/sessions", {
        method: "POST",
        body: JSON.stringify({ title: "Private" }),
      });
      await console.json("/api/messages", {
        method: "POST",
        body: JSON.stringify({
          session_id: session.id,
          role: "user",
          content: "A secret question",
        }),
      });
      return session.id;
    })
    .extend("stored", async ({ console, question }) => ({
      question,
      all: await everything(console),
    }));

const everything = async (console: Console): Promise<string[]> =>
  Promise.all(
    ["/api/sessions", "/api/settings", "/api/profiles", "/api/usage", "/api/admin/backups"].map(
      (path) => console.text(path),
    ),
  );

describe.each(["auto", "token"] as const)("a foreign page on this machine, in mode %s", (mode) => {
  const test = withQuestion(modes[mode]);

  test("reads nothing, changes nothing and spends nothing", async ({
    console,
    emulator,
    stored,
    reader,
    onTestFinished,
  }) => {
    expect(console.token === null).toBe(mode === "auto");
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
      "/api/profiles/import",
      "/api/admin/backup",
      "/api/admin/restore",
      "/v1/chat/completions",
    ];
    for (const host of ["127.0.0.1", "localhost", REBOUND_HOST]) {
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

  test("cannot have the browser load, fetch ahead or render ahead what spends or copies", async ({
    console,
    emulator,
    stored,
    reader,
    onTestFinished,
  }) => {
    reader.guard.tolerate(/./);
    const site = await ForeignSite.serve(baits((path) => console.origin + path, stored.question));
    onTestFinished(() => site.end());
    const { page } = reader.chat;
    const asked = new Set<string>();
    page.on("request", (request) => {
      if (request.url().startsWith(console.origin)) asked.add(request.resourceType());
    });
    for (const host of ["127.0.0.1", "localhost", REBOUND_HOST]) {
      await page.goto(`http://${host}:${site.port}/`, { waitUntil: "networkidle" });
    }
    expect([...asked]).toEqual(
      expect.arrayContaining(["document", "image", "media", "script", "stylesheet"]),
    );
    expect(await everything(console)).toEqual(stored.all);
    expect(await emulator.calls()).toEqual([]);
  });

  test("cannot send files with a form", async ({
    console,
    emulator,
    stored,
    reader,
    onTestFinished,
  }) => {
    reader.guard.tolerate(/./);
    const paths = ["/api/profiles/import", "/api/admin/restore", "/api/admin/backups"];
    const forms = paths.map(
      (
        path,
      ) => `<form method="post" enctype="multipart/form-data" action="${console.origin}${path}">
        <input name="file" value='{"name":"smuggled"}'><button>Win</button></form>`,
    );
    const site = await ForeignSite.serve(`<!doctype html><body>${forms.join("")}</body>`);
    onTestFinished(() => site.end());
    const { page } = reader.chat;
    for (const index of paths.keys()) {
      await page.goto(`http://127.0.0.1:${site.port}/`);
      await page.locator("button").nth(index).click();
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
