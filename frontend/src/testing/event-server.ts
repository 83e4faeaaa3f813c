/** A live channel that a test writes to: every call of `fetch` is one connection. */
export class EventServer {
  readonly urls: string[] = [];
  readonly headers: RequestInit["headers"][] = [];
  readonly connections: Connection[] = [];
  /** Statuses to answer with, one per call, before connections are accepted. */
  refusals: number[] = [];

  readonly fetch: typeof fetch = async (input, init) => {
    this.urls.push(String(input));
    this.headers.push(init?.headers);
    const refusal = this.refusals.shift();
    if (refusal === 0) throw new TypeError("connection refused");
    if (refusal !== undefined) return new Response("{}", { status: refusal });
    const connection = new Connection(init?.signal ?? null);
    this.connections.push(connection);
    return new Response(connection.body, { status: 200 });
  };

  get last(): Connection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("Nobody has connected.");
    return connection;
  }
}

export class Connection {
  readonly body: ReadableStream<Uint8Array>;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  isOpen = true;

  constructor(signal: AbortSignal | null) {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    this.body = new ReadableStream({ start: (given) => void (controller = given) });
    if (!controller) throw new Error("The stream did not start.");
    this.#controller = controller;
    signal?.addEventListener("abort", () => {
      if (this.isOpen) this.#controller.error(signal.reason);
      this.isOpen = false;
    });
  }

  write(text: string | Uint8Array): void {
    this.#controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
  }

  end(): void {
    this.isOpen = false;
    this.#controller.close();
  }
}
