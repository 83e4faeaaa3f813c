import { expect, it, vi } from "vitest";
import { type FlushClock, FlushScheduler } from "./flush-scheduler";

/** A clock that moves by hand; frames come every 16 ms while it is visible. */
class HandClock implements FlushClock {
  #now_ms = 0;
  #frames: (() => void)[] = [];
  #timers: { at_ms: number; callback: () => void }[] = [];
  visible = true;

  now = (): number => this.#now_ms;
  requestFrame = (callback: () => void): void => void this.#frames.push(callback);
  setTimer = (callback: () => void, delay_ms: number): (() => void) => {
    const timer = { at_ms: this.#now_ms + delay_ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  frame(): void {
    this.#now_ms += 16;
    const due = this.#timers.filter(({ at_ms }) => at_ms <= this.#now_ms);
    this.#timers = this.#timers.filter(({ at_ms }) => at_ms > this.#now_ms);
    for (const { callback } of due) callback();
    if (!this.visible) return;
    for (const callback of this.#frames.splice(0)) callback();
  }
}

it("commits at once when it was idle, and then at most every 33 ms", () => {
  const clock = new HandClock();
  const commits: number[] = [];
  const scheduler = new FlushScheduler(() => commits.push(clock.now()), clock);
  for (let frame = 0; frame < 60; frame += 1) {
    scheduler.request();
    scheduler.request();
    clock.frame();
  }
  expect(commits[0]).toBe(16);
  const gaps = commits.slice(1).map((at, index) => at - (commits[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(29);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(48);
});

it("commits on demand, and not once more for what that took along", () => {
  const clock = new HandClock();
  const commit = vi.fn();
  const scheduler = new FlushScheduler(commit, clock);
  scheduler.request();
  scheduler.flush();
  clock.frame();
  expect(commit).toHaveBeenCalledTimes(1);
});

it("commits by timer in a hidden tab, where no frames come", () => {
  const clock = new HandClock();
  clock.visible = false;
  const commit = vi.fn();
  new FlushScheduler(commit, clock).request();
  for (let frame = 0; frame < 20; frame += 1) clock.frame();
  expect(commit).toHaveBeenCalledTimes(1);
});
