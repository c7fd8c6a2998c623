/**
 * How slowly a body may come that keeps others waiting. Only time in which the client is waited for counts: who is held back because the
 * store is slow is not slow.
 */
import { AppError } from '@reelay/contracts/errors';

export interface PaceRules {
  bytesPerSecond: number;
  /** For so long it may be slower, or stop. */
  windowMs: number;
  /** Milliseconds of a clock that never goes back; another one only in tests. */
  now?: () => number;
}

export const leastPace: PaceRules = { bytesPerSecond: 32 * 1024, windowMs: 30_000 };

/** Waiting takes time from a store that holds one window at most, and bytes put the time back that they may take. */
export class Pace {
  readonly #rules: PaceRules;
  #leftMs: number;

  constructor(rules: PaceRules) {
    this.#rules = rules;
    this.#leftMs = rules.windowMs;
  }

  /**
   * The next piece, waited for as long as the pace allows.
   * @throws AppError `invalid_request`
   */
  async next<Piece extends { length: number }>(
    piece: Promise<IteratorResult<Piece, undefined>>,
  ): Promise<IteratorResult<Piece, undefined>> {
    const { now = () => performance.now(), bytesPerSecond, windowMs } = this.#rules;
    const beganAt = now();
    const result = await this.#waitFor(piece);
    const allowedMs = result.done ? 0 : (result.value.length / bytesPerSecond) * 1_000;
    this.#leftMs = Math.min(windowMs, this.#leftMs - (now() - beganAt) + allowedMs);
    return result;
  }

  async #waitFor<Result>(piece: Promise<Result>): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const isOver = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(this.#tooSlow()), Math.max(0, this.#leftMs));
    });
    try {
      return await Promise.race([piece, isOver]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tooSlow(): AppError {
    const kibibytes = this.#rules.bytesPerSecond / 1024;
    return new AppError(
      'invalid_request',
      `The body came more slowly than ${kibibytes} KiB a second: send it over a faster connection, make its files smaller, or give their addresses.`,
    );
  }
}
