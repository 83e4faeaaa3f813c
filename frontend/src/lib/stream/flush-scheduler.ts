export interface FlushClock {
  now: () => number;
  requestFrame: (callback: () => void) => void;
  setTimer: (callback: () => void, delay_ms: number) => ReturnType<typeof setTimeout>;
}

const browserClock: FlushClock = {
  now: () => performance.now(),
  requestFrame: (callback) => requestAnimationFrame(callback),
  setTimer: (callback, delay_ms) => setTimeout(callback, delay_ms),
};

const INTERVAL_MS = 33;
/** Frame callbacks come a little early or late; without this slack every flush would slip by a frame. */
const FRAME_SLACK_MS = 4;
/** Frame callbacks stop in a hidden tab; then a timer does their work. */
const HIDDEN_INTERVAL_MS = 250;

/** Calls `commit` inside a frame callback, at most every 33 ms, however often it is asked to. */
export class FlushScheduler {
  readonly #commit: () => void;
  readonly #clock: FlushClock;
  #last_ms = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(commit: () => void, clock: FlushClock = browserClock) {
    this.#commit = commit;
    this.#clock = clock;
  }

  request(): void {
    if (this.#timer !== null) return;
    this.#timer = this.#clock.setTimer(() => this.flush(), HIDDEN_INTERVAL_MS);
    this.#clock.requestFrame(this.#onFrame);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#last_ms = this.#clock.now();
    this.#commit();
  }

  readonly #onFrame = (): void => {
    if (this.#timer === null) return;
    const waited_ms = this.#clock.now() - this.#last_ms;
    if (waited_ms >= INTERVAL_MS - FRAME_SLACK_MS) this.flush();
    else this.#clock.requestFrame(this.#onFrame);
  };
}
