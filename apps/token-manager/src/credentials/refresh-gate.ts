/**
 * Keeps a thousand credentials that end together from falling on an upstream at once: so many renewals at a time in this process, and so
 * many a minute whichever process does them. Whoever comes too many waits in line, holding no connection.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface GateOptions {
  /** Renewals at once per upstream; asked anew for everyone who comes. */
  concurrency: () => Promise<number>;
  /** 0 where one may begin now, else how long to wait before asking again, milliseconds. */
  takeTurn: (target: string) => Promise<number>;
  /** Monotonic milliseconds. */
  now?: () => number;
}

interface Line {
  inside: number;
  limit: number;
  /** Told whether they are let in. */
  waiting: ((isIn: boolean) => void)[];
}

export class RefreshGate {
  readonly #options: GateOptions;
  readonly #now: () => number;
  readonly #lines = new Map<string, Line>();
  readonly #closing = new AbortController();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Undefined when the turn of `work` did not come within `waitMs`: nothing was begun. */
  async pass<Result>(target: string, waitMs: number, work: () => Promise<Result>): Promise<Result | undefined> {
    const giveUpAt = this.#now() + waitMs;
    const line = this.#lines.get(target) ?? { inside: 0, limit: 0, waiting: [] };
    this.#lines.set(target, line);
    if (!(await this.#enter(line, giveUpAt))) return undefined;
    try {
      return (await this.#awaitTurn(target, giveUpAt)) ? await work() : undefined;
    } finally {
      line.inside -= 1;
      letIn(line);
    }
  }

  /** Nobody is let in any more. */
  close(): void {
    this.#closing.abort();
    for (const line of this.#lines.values()) for (const tell of line.waiting.splice(0)) tell(false);
  }

  async #enter(line: Line, giveUpAt: number): Promise<boolean> {
    line.limit = await this.#options.concurrency();
    if (this.#closing.signal.aborted) return false;
    const entered = waitInLine(line, giveUpAt - this.#now());
    letIn(line);
    return entered;
  }

  async #awaitTurn(target: string, giveUpAt: number): Promise<boolean> {
    for (;;) {
      if (this.#closing.signal.aborted) return false;
      const waitMs = await this.#options.takeTurn(target);
      if (waitMs === 0) return true;
      if (this.#now() + waitMs > giveUpAt) return false;
      await delay(waitMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }
}

/** Those who came first. */
function letIn(line: Line): void {
  while (line.inside < line.limit) {
    const tell = line.waiting.shift();
    if (!tell) return;
    line.inside += 1;
    tell(true);
  }
}

function waitInLine(line: Line, forMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      line.waiting.splice(line.waiting.indexOf(tell), 1);
      resolve(false);
    }, forMs);
    const tell = (isIn: boolean) => {
      clearTimeout(timer);
      resolve(isIn);
    };
    line.waiting.push(tell);
  });
}
