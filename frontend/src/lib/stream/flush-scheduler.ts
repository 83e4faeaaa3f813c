export interface FlushClock {
  now: () => number;
  requestFrame: (callback: () => void) => void;
  /** Returns what cancels it. */
  setTimer: (callback: () => void, delay_ms: number) => () => void;
}

const browserClock: FlushClock = {
  now: () => performance.now(),
  requestFrame: (callback) => requestAnimationFrame(callback),
  setTimer: (callback, delay_ms) => {
    const timer = setTimeout(callback, delay_ms);
    return () => clearTimeout(timer);
  },
};

const INTERVAL_MS = 33;
/** Frame callbacks come a little early or late; without this slack every flush would slip by a frame. */
const FRAME_SLACK_MS = 4;
/** Frame callbacks stop in a hidden tab; then a timer does their work. */
const HIDDEN_INTERVAL_MS = 250;

/**
 * Calls `commit` inside a frame callback, at most every 33 ms, however often it is asked to. It asks for a
 * frame only when one is due: every frame asked for costs the browser a commit, even when nothing changed.
 */
export class FlushScheduler {
  readonly #commit: () => void;
  readonly #clock: FlushClock;
  #last_ms = Number.NEGATIVE_INFINITY;
  /** Cancels the timers of what is pending; null when nothing is. */
  #cancel: (() => void) | null = null;

  constructor(commit: () => void, clock: FlushClock = browserClock) {
    this.#commit = commit;
    this.#clock = clock;
  }

  request(): void {
    if (this.#cancel) return;
    const due_ms = this.#last_ms + INTERVAL_MS - FRAME_SLACK_MS - this.#clock.now();
    const cancelFallback = this.#clock.setTimer(() => this.flush(), HIDDEN_INTERVAL_MS);
    const cancelDue = this.#clock.setTimer(
      () => this.#clock.requestFrame(this.#onFrame),
      Math.max(0, due_ms),
    );
    this.#cancel = () => {
      cancelFallback();
      cancelDue();
    };
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#last_ms = this.#clock.now();
    this.#commit();
  }

  readonly #onFrame = (): void => {
    if (this.#cancel) this.flush();
  };
}
