/** A clock that stands still until the test moves it. */

export class ManualClock {
  #nowMs: number;
  #timers: { atMs: number; run: () => void }[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  /** Milliseconds since 1970, in place of Date.now. Bound, so that it can be handed over as a function. */
  readonly now = (): number => this.#nowMs;

  /** Resolves when the clock has been moved on by `delayMs`, in place of a sleep. */
  readonly sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      this.#timers.push({ atMs: this.#nowMs + delayMs, run: resolve });
    });

  /** How many sleeps have not ended, to wait until the code under test has begun one. */
  get sleepers(): number {
    return this.#timers.length;
  }

  /** Moves on and ends the sleeps that are due, each at its own time and in their order; what they start may sleep again. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (!next || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.atMs;
      next.run();
      // Lets the woken code run up to its next wait.
      await new Promise(setImmediate);
    }
    this.#nowMs = endMs;
  }
}
