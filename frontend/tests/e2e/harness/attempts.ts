import type { Page } from "playwright-core";

/** What a foreign page gets of an address, by every way there is to ask. */
export async function attempts(page: Page, url: string): Promise<Record<string, string>> {
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

/** What a page loads, or has its browser load ahead, without any script: each tag asks for the address in its own way. */
export function baits(url: (path: string) => string, question: string): string {
  const spend = url(`/api/stream?session_id=${question}`);
  const ways = [spend, url("/api/admin/backup"), url("/api/sessions"), url("/api/events")];
  const tags = ways.map(
    (target) => `
      <link rel="prefetch" href="${target}"><link rel="preload" as="fetch" href="${target}">
      <link rel="stylesheet" href="${target}"><link rel="icon" href="${target}">
      <link rel="modulepreload" href="${target}"><link rel="manifest" href="${target}">
      <img src="${target}" alt=""><img srcset="${target} 2x" alt="">
      <video src="${target}" poster="${target}" preload="auto"></video><audio src="${target}"></audio>
      <object data="${target}"></object><embed src="${target}"><iframe src="${target}"></iframe>
      <script src="${target}"></script><script type="module" src="${target}"></script>
      <div style="background: url('${target}')">x</div>`,
  );
  const ahead = JSON.stringify({ prefetch: [{ urls: ways }], prerender: [{ urls: ways }] });
  return `<!doctype html><title>Elsewhere</title><body>${tags.join("")}
    <script type="speculationrules">${ahead}</script></body>`;
}
