import { AppError } from '@reelay/contracts/errors';

/** So many at once, so many more in line, nobody beyond that. */
export class Turns {
  readonly #limits: { atOnce: number; mostWaiting: number };
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { atOnce: number; mostWaiting: number }) {
    this.#limits = limits;
  }

  /** @throws AppError `service_unavailable` */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limits.atOnce) {
      if (this.#waiting.length >= this.#limits.mostWaiting) {
        throw new AppError('service_unavailable', 'Too many pictures are being made: ask again in some seconds.', {
          retryAfterMs: 5_000,
        });
      }
      // Whoever ends hands the place on.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
