import type { components } from "../../../src/client/schema.d.ts";
import { Child } from "./child.ts";
import type { Emulator } from "./emulator.ts";
import { BACKEND, PYTHON, cleanEnvironment, temporaryFolder } from "./places.ts";

export type Message = components["schemas"]["Message"];

/** Looks like a key and is none. */
export const PLACEHOLDER_KEY = "sk-or-v1-xxxxx";

interface ConsoleOptions {
  /** The provider; the built-in demo when there is none. */
  emulator?: Emulator;
  variables?: Record<string, string>;
}

/** The server, in a process of its own, on a data folder of its own. */
export class Console {
  readonly #data = temporaryFolder("data");
  readonly #env: Record<string, string>;
  #child: Child | null = null;
  #port = "0";
  /** What its start line said: the address, with the token where one is needed. */
  link = "";

  private constructor({ emulator, variables }: ConsoleOptions) {
    this.#env = cleanEnvironment({
      CONSOLE_OPENROUTER_API_KEY: emulator ? "a-key" : PLACEHOLDER_KEY,
      ...(emulator ? { CONSOLE_OPENROUTER_BASE_URL: emulator.baseUrl } : {}),
      CONSOLE_AUTH: "auto",
      CONSOLE_DEMO: "auto",
      ...variables,
    });
  }

  static async start(options: ConsoleOptions = {}): Promise<Console> {
    const console = new Console(options);
    await console.restart();
    return console;
  }

  /** Starts it, again on the same port and data after an end. */
  async restart(): Promise<void> {
    const args = ["serve", "--port", this.#port, "--data", this.#data, "--no-browser"];
    this.#child = new Child(PYTHON, ["-m", "app.cli.main", ...args], {
      cwd: BACKEND,
      env: this.#env,
    });
    this.link = await this.#child.line(/^Ready: (\S+)$/);
    this.#port = new URL(this.link).port;
  }

  get origin(): string {
    return new URL(this.link).origin;
  }

  get port(): number {
    return Number(this.#port);
  }

  get token(): string | null {
    return /^#token=(.+)$/.exec(new URL(this.link).hash)?.[1] ?? null;
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  async end(): Promise<void> {
    await this.#child?.terminate();
  }

  /** The body of a reply of its API, as text: JSON would round its money. */
  async text(path: string, init: RequestInit = {}): Promise<string> {
    const authorization = this.token === null ? {} : { Authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.origin}${path}`, {
      ...init,
      headers: { "Content-Type": "application/json", ...authorization },
    });
    const body = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${body}`);
    return body;
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    return JSON.parse(await this.text(path, init)) as T;
  }

  async messages(session_id: string): Promise<Message[]> {
    const page = await this.json<{ items: Message[] }>(`/api/sessions/${session_id}/messages`);
    return page.items;
  }

  /** The newest message of a session. */
  async answer(session_id: string): Promise<Message> {
    const message = (await this.messages(session_id)).at(-1);
    if (!message) throw new Error("The session is empty.");
    return message;
  }
}
