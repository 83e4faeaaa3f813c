import { vi } from "vitest";

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

type Reply = unknown;
type Handler = (call: Call) => Reply | Promise<Reply>;

/** A refusal as the API words it. */
export class Refusal {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, error_code: string, message = "Refused.", details: object = {}) {
    this.status = status;
    this.body = { error_code, message, request_id: "req-1", details };
  }
}

/** Stands in for the network: "METHOD /path" to the JSON or response it answers. Anything else is a 404. */
export class FakeApi {
  readonly calls: Call[] = [];
  readonly #handlers = new Map<string, Handler>();

  constructor() {
    this.on("GET /api/settings", () => ({ model: "openai/gpt-5-mini", send_key: "enter" }));
    this.on("GET /api/models", () => ({ items: [], next_cursor: null }));
    this.on("GET /api/profiles", () => ({ items: [], next_cursor: null }));
    this.on("GET /api/tokens", () => ({ items: [], next_cursor: null }));
    this.on("GET /api/health", () => ({ status: "ok", version: "0.1.0", demo: false }));
    vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) =>
      this.#answer(String(input), init),
    );
  }

  on(route: string, handler: Handler): this {
    this.#handlers.set(route, handler);
    return this;
  }

  callsTo(route: string): Call[] {
    return this.calls.filter(({ method, path }) => `${method} ${path}` === route);
  }

  async #answer(url: string, init: RequestInit = {}): Promise<Response> {
    const [path = url, search] = url.split("?");
    const method = init.method ?? "GET";
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    const call = { method, path, query: new URLSearchParams(search), body };
    this.calls.push(call);
    const handler = this.#handlers.get(`${method} ${path}`);
    const reply = handler ? await handler(call) : new Refusal(404, "not_found");
    if (reply instanceof Response) return reply;
    if (reply instanceof Refusal) return json(reply.body, reply.status);
    if (reply instanceof Error) throw reply;
    return json(reply, 200);
  }
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status });
}
