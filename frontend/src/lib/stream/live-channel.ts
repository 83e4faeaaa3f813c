import { EventDecoder } from "./decoder";
import { type ChannelEvent, readChannelEvent } from "./frames";

export type ChannelStatus =
  | { state: "closed" | "connecting" | "open" | "unauthorized" }
  | { state: "waiting"; retry_at_ms: number };

export interface ChannelOptions {
  /** The address with the sessions to watch and the cursors to resume from, asked before each attempt. */
  url: () => string;
  headers: () => Record<string, string>;
  onEvent: (event: ChannelEvent) => void;
  onStatus: (status: ChannelStatus) => void;
  fetch?: typeof fetch;
  random?: () => number;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** The server says something every 15 s; a connection that is silent for longer is dead. */
const SILENCE_MS = 40_000;

/**
 * The tab's one stream. It reconnects for ever with back-off until `close()`, and every new connection
 * resumes from the cursors that `url()` names, so a lost connection loses nothing.
 */
export class LiveChannel {
  readonly #options: ChannelOptions;
  #current: AbortController | null = null;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#current !== null;
  }

  /** Opens, or opens again at once with a fresh address. */
  open(): void {
    this.#current?.abort();
    this.#current = new AbortController();
    void this.#keepOpen(this.#current.signal);
  }

  close(): void {
    if (!this.#current) return;
    this.#current.abort();
    this.#current = null;
    this.#options.onStatus({ state: "closed" });
  }

  async #keepOpen(signal: AbortSignal): Promise<void> {
    const { onStatus, random = Math.random } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      onStatus({ state: "connecting" });
      const outcome = await this.#readOnce(signal);
      if (signal.aborted) return;
      if (outcome === "unauthorized") {
        this.#current = null;
        onStatus({ state: "unauthorized" });
        return;
      }
      failures = outcome === "ended" ? 0 : failures + 1;
      const longest_ms = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
      const delay_ms = longest_ms * (0.5 + random() / 2);
      onStatus({ state: "waiting", retry_at_ms: Date.now() + delay_ms });
      await pause(delay_ms, signal);
    }
  }

  /** One connection from start to end: "ended" when it had been established, "failed" otherwise. */
  async #readOnce(outer: AbortSignal): Promise<"ended" | "failed" | "unauthorized"> {
    const { url, headers, onStatus, onEvent, fetch = globalThis.fetch } = this.#options;
    const silence = new AbortController();
    const signal = AbortSignal.any([outer, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    let established = false;
    try {
      const response = await fetch(url(), {
        headers: { Accept: "text/event-stream", ...headers() },
        cache: "no-store",
        signal,
      });
      if (response.status === 401) return "unauthorized";
      if (!response.ok || !response.body) return "failed";
      established = true;
      onStatus({ state: "open" });
      const decoder = new EventDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return "ended";
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        for (const event of decoder.push(value)) {
          const read = readChannelEvent(event);
          if (read) onEvent(read);
        }
      }
    } catch {
      return established ? "ended" : "failed";
    } finally {
      clearTimeout(timer);
    }
  }
}

function pause(delay_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delay_ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
