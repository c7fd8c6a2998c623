/**
 * So many at work at once and the others in line, so that a crowd costs those who do not belong to it nothing: between two who go in the
 * process has time for everything else. Each key has a line of its own and the lines take turns; a crowd of one key does not stand before others.
 * Who was in before, and left to read its body, goes before all lines: it holds memory that others wait for.
 */
import { AppError } from '@reelay/contracts/errors';

export interface TurnstileOptions {
  atOnce: number;
  /** In all lines together; of them half at most in one. */
  mostWaiting: number;
  patienceMs: number;
  /** Whose turn lasts longer goes on beside the others: it waits for something, and nobody should wait with it. */
  longestTurnMs: number;
}

/** In line, at work or gone again. */
export interface Place {
  /**
   * Undefined where it was free at once; otherwise resolves when its turn comes, and never for who has left the line.
   * @throws AppError `service_unavailable`, `gateway_restarting`
   */
  readonly turn: Promise<void> | undefined;
  /** Ends the turn, or leaves the line. A second time does nothing. */
  leave(): void;
}

interface Waiting {
  admit(): void;
  refuse(error: AppError): void;
}

export class Turnstile {
  readonly #options: TurnstileOptions;
  readonly #back = new Set<Waiting>();
  /** None of them empty; the next one to be served first. */
  readonly #lines = new Map<string, Set<Waiting>>();
  #waiting = 0;
  #atWork = 0;
  #isServing = false;

  constructor(options: TurnstileOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Again, after its place was left. Never refused for the length of the lines. */
  comeBack(): Place {
    return this.#free() ?? this.#queue(this.#back, () => {});
  }

  /** @throws AppError `service_unavailable` where the line is as long as it may be */
  enter(key: string): Place {
    const free = this.#free();
    if (free) return free;
    const line = this.#lines.get(key) ?? new Set();
    const { mostWaiting } = this.#options;
    if (this.#waiting >= mostWaiting || line.size >= mostWaiting / 2) throw busy();
    this.#lines.set(key, line);
    return this.#queue(line, () => {
      if (line.size === 0) this.#lines.delete(key);
    });
  }

  #free(): Place | undefined {
    if (this.#waiting === 0 && this.#atWork < this.#options.atOnce) return { turn: undefined, leave: this.#begin() };
    return undefined;
  }

  #queue(line: Set<Waiting>, onStepOut: () => void): Place {
    let leave = () => {};
    const turn = new Promise<void>((resolve, reject) => {
      const stepOut = () => {
        clearTimeout(timer);
        line.delete(waiting);
        this.#waiting -= 1;
        onStepOut();
      };
      const refuse = (error: AppError) => {
        leave();
        reject(error);
      };
      const admit = () => {
        stepOut();
        leave = this.#begin();
        resolve();
      };
      const waiting = { admit, refuse };
      const timer = setTimeout(() => refuse(busy()), this.#options.patienceMs);
      leave = () => {
        leave = () => {};
        stepOut();
      };
      line.add(waiting);
      this.#waiting += 1;
    });
    return { turn, leave: () => leave() };
  }

  /** Nobody waits through a restart. */
  close(): void {
    for (const line of [this.#back, ...this.#lines.values()]) for (const { refuse } of [...line]) refuse(restarting());
  }

  #begin(): () => void {
    this.#atWork += 1;
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#atWork -= 1;
      this.#serveSoon();
    };
    const timer = setTimeout(end, this.#options.longestTurnMs);
    return end;
  }

  /** One in each round of the event loop: connections are taken and light requests answered between two. */
  #serveSoon(): void {
    if (this.#isServing || this.#waiting === 0 || this.#atWork >= this.#options.atOnce) return;
    this.#isServing = true;
    setImmediate(() => {
      this.#isServing = false;
      this.#serveOne();
      this.#serveSoon();
    });
  }

  #serveOne(): void {
    if (this.#atWork >= this.#options.atOnce) return;
    const [back] = this.#back;
    const [first] = this.#lines;
    if (back || !first) {
      back?.admit();
      return;
    }
    const [key, line] = first;
    const [next] = line;
    // The line that was served stands behind the others.
    this.#lines.delete(key);
    this.#lines.set(key, line);
    next?.admit();
  }
}

function busy(): AppError {
  return new AppError(
    'service_unavailable',
    'More requests came at once than can be taken in: send this one again in some seconds.',
    { retryAfterMs: 5_000 },
  );
}

function restarting(): AppError {
  return new AppError('gateway_restarting', 'The gateway is being restarted; send the request again in a moment.');
}
