/** A time limit that can be called off. */

export interface DeadlineOptions {
  timeoutMs: number;
  /** Each of them ends it, too. */
  signals?: readonly (AbortSignal | undefined)[];
}

/**
 * Its signal aborts when the time is over or one of the others aborts, whichever is first, and never after `clear`. A composite of
 * `AbortSignal.timeout` holds its timer and all that hangs on it in memory until the time is over, however early the work was done.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #others: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor({ timeoutMs, signals = [] }: DeadlineOptions) {
    this.#others = signals.filter((signal) => signal !== undefined);
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#abort(new DOMException(`timeout: not done within ${timeoutMs} ms`, 'TimeoutError'));
    }, timeoutMs).unref();
    for (const other of this.#others) other.addEventListener('abort', this.#onAbort, { once: true });
    this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time ran out before anything else ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** To be called when the work is done, or has failed. A second time does nothing. */
  clear(): void {
    clearTimeout(this.#timer);
    for (const other of this.#others) other.removeEventListener('abort', this.#onAbort);
  }

  /** Calls it off, and aborts whatever still goes on within it. A second time does nothing. */
  end(): void {
    this.#abort(new DOMException('no longer wanted', 'AbortError'));
  }

  readonly #onAbort = () => {
    const aborted = this.#others.find((other) => other.aborted);
    if (aborted) this.#abort(aborted.reason);
  };

  #abort(reason: unknown): void {
    this.clear();
    this.#controller.abort(reason);
  }
}
