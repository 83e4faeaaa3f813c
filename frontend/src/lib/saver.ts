const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

interface SaverOptions<T> {
  /** Whether the value needs no further try. */
  store: (value: T) => Promise<boolean>;
  /** Called when nothing newer than the value waits to be stored. */
  onSaved: (value: T) => void;
}

/** Stores the newest value of something: one call at a time, and again, later and later, after a failure. */
export class Saver<T> {
  readonly #options: SaverOptions<T>;
  #pending: { value: T } | null = null;
  #isSaving = false;
  #isPaused = false;
  #retry_ms = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SaverOptions<T>) {
    this.#options = options;
  }

  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** Takes a newer value, which is stored after a pause without another one. */
  set(value: T, delay_ms: number): void {
    this.#pending = { value };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), delay_ms);
  }

  /** Whether it goes on by itself after a failure. */
  retryByItself(does: boolean): void {
    this.#isPaused = !does;
  }

  /** Stores what waits at once. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    const pending = this.#pending;
    if (pending === null || this.#isSaving) return;
    this.#isSaving = true;
    const isSettled = await this.#options.store(pending.value);
    this.#isSaving = false;
    if (isSettled) {
      this.#retry_ms = FIRST_RETRY_MS;
      if (this.#pending !== pending) return this.save();
      this.#pending = null;
      this.#options.onSaved(pending.value);
    } else if (!this.#isPaused) {
      this.#timer = setTimeout(() => void this.save(), this.#retry_ms);
      this.#retry_ms = Math.min(this.#retry_ms * 2, LONGEST_RETRY_MS);
    }
  }
}
