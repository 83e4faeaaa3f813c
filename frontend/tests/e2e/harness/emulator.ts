import { Child } from "./child.ts";
import { BACKEND, PYTHON, cleanEnvironment } from "./places.ts";

/** A row of the provider's own book: one paid call. */
export interface Call {
  id: string;
  model: string;
  prompt_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  /** US dollars, an exact decimal. */
  cost: string;
  status: "open" | "completed" | "cancelled" | "truncated" | "failed";
  text: string;
}

/** The provider's stand-in, in a process of its own. */
export class Emulator {
  readonly baseUrl: string;
  readonly #child: Child;

  private constructor(baseUrl: string, child: Child) {
    this.baseUrl = baseUrl;
    this.#child = child;
  }

  static async start(): Promise<Emulator> {
    const child = new Child(PYTHON, ["-m", "emulator", "--port", "0"], {
      cwd: BACKEND,
      env: cleanEnvironment(),
    });
    return new Emulator(await child.line(/^Ready: (\S+)$/), child);
  }

  async end(): Promise<void> {
    await this.#child.terminate();
  }

  /** Every paid call since the last reset. */
  async calls(): Promise<Call[]> {
    const { rows } = (await this.#control("GET", "ledger")) as { rows: Call[] };
    return rows;
  }

  /** How every call behaves from now on; `backend/emulator/scenarios.py` names what there is. */
  async behave(scenario: string): Promise<void> {
    await this.#control("POST", "scenario", { scenario });
  }

  /** Answers every call with this text, so many tokens a second. */
  async say(text: string, tokensPerSecond?: number): Promise<void> {
    const rate = tokensPerSecond === undefined ? "" : `rate=${tokensPerSecond}; `;
    await this.behave(`${rate}text=${encodeURIComponent(text)}`);
  }

  /** Lets every stalled answer go on. */
  async release(): Promise<void> {
    await this.#control("POST", "release");
  }

  async account(change: { credit_usd?: string; revoked_keys?: string[] }): Promise<void> {
    await this.#control("POST", "account", change);
  }

  /** As after the start. */
  async reset(): Promise<void> {
    await this.#control("POST", "reset");
  }

  async #control(method: string, verb: string, body?: unknown): Promise<unknown> {
    const response = await fetch(new URL(`/__emulator/${verb}`, this.baseUrl), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`emulator ${verb}: ${await response.text()}`);
    return response.json();
  }
}
