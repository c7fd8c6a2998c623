/**
 * Accepts of one process that come at the same moment are written by one statement: while one is under way those that come gather for the
 * next, so nobody waits for company. What is accepted, and what is answered before the commit (nothing), is as if each came alone.
 */
import { AppError } from '@reelay/contracts/errors';
import type { Database } from '../client.js';
import { isOutage } from '../outage.js';
import { sqlState } from '../transaction.js';
import { acceptAlone } from './accept-alone.js';
import type { Acceptance, AcceptGeneration } from './accept-generation.js';
import { acceptTogether, canGoTogether, mostTogether, sortOf } from './accept-together.js';
import type { Generation } from './find-generation.js';

export function gatherAccepts(database: Database): GatheredAccepts {
  return new GatheredAccepts({
    alone: (accept) => acceptAlone(database, accept),
    together: (accepts) => acceptTogether(database, accepts),
  });
}

export interface GatheredAcceptsOptions {
  alone(accept: AcceptGeneration): Promise<Acceptance>;
  /** Those that were written, by their ids; all of them or none of the rest. */
  together(accepts: readonly AcceptGeneration[]): Promise<ReadonlyMap<string, Generation>>;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** Statements at once, and only of full ones: accepts of one transaction do not get into the way of each other. */
const mostAtOnce = 2;
/** A statement that takes longer waits for somebody's lock, or the database is slow: nobody who has nothing to do with it waits with it. */
const patienceMs = 50;
/** Of Postgres, though others would say that it is out: the statement has ended, and left nothing. */
const givenUp: ReadonlySet<string | undefined> = new Set(['55P03', '57014']);
/** What was sent back once (a quota, a limit that is near, a long line) would be sent back again: for a moment it is not even asked. */
const aloneMs = 100;
const mostNoted = 1_000;

interface Waiting {
  accept: AcceptGeneration;
  isGone: () => boolean;
  resolve(acceptance: Acceptance | Promise<Acceptance>): void;
  reject(error: unknown): void;
}

export class GatheredAccepts {
  readonly #options: GatheredAcceptsOptions;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #running = 0;
  #isDue = false;
  /** Until when a sort goes alone. */
  readonly #alone = new Map<string, number>();

  constructor(options: GatheredAcceptsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * `isGone`: whether the client has left. It is asked until the statement begins: its own retry may be on the way, and would be another one.
   * @throws AppError `invalid_reference`, `invalid_request` for who has left; nothing was written
   */
  async accept(accept: AcceptGeneration, isGone: () => boolean = () => false): Promise<Acceptance> {
    if (!canGoTogether(accept) || this.#goesAlone(accept)) return this.#options.alone(accept);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ accept, isGone, resolve, reject });
      if (this.#isDue) return;
      this.#isDue = true;
      // After everything that has arrived with it was read.
      setImmediate(() => {
        this.#isDue = false;
        this.#go();
      });
    });
  }

  #go(): void {
    while (this.#waiting.length > 0 && this.#running < (this.#waiting.length < mostTogether ? 1 : mostAtOnce)) {
      const batch = this.#waiting.slice(0, mostTogether).filter(isHere);
      this.#waiting = this.#waiting.slice(mostTogether);
      if (batch.length === 0) continue;
      this.#running += 1;
      let isCounted = true;
      const makePlace = () => {
        if (!isCounted) return;
        isCounted = false;
        this.#running -= 1;
        this.#go();
      };
      const patience = setTimeout(makePlace, patienceMs).unref();
      void this.#write(batch).finally(() => {
        clearTimeout(patience);
        makePlace();
      });
    }
  }

  /** Never fails; each of the batch gets an answer or an error of its own. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    const [first] = batch;
    if (first && batch.length === 1) {
      const begunAt = this.#now();
      await this.#options.alone(first.accept).then(first.resolve, first.reject);
      if (this.#now() - begunAt > patienceMs) this.#noteRefusal(first.accept);
      return;
    }
    try {
      const written = await this.#options.together(batch.map(({ accept }) => accept));
      for (const waiting of batch) {
        const generation = written.get(waiting.accept.id);
        if (generation) waiting.resolve({ outcome: 'accepted', generation });
        else {
          this.#noteRefusal(waiting.accept);
          this.#goAlone(waiting);
        }
      }
    } catch (error) {
      // Refused by Postgres it was not written, and perhaps because of a single one. Otherwise the outcome is open, for each of them.
      const state = sqlState(error);
      const isRefused = state !== undefined && (givenUp.has(state) || !isOutage(error));
      for (const waiting of batch) {
        if (isRefused) this.#goAlone(waiting);
        else waiting.reject(error);
      }
    }
  }

  #goAlone(waiting: Waiting): void {
    if (isHere(waiting)) waiting.resolve(this.#options.alone(waiting.accept));
  }

  #goesAlone(accept: AcceptGeneration): boolean {
    if (this.#alone.size === 0) return false;
    const name = nameOf(accept);
    const until = this.#alone.get(name);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#alone.delete(name);
    return false;
  }

  #noteRefusal(accept: AcceptGeneration): void {
    if (this.#alone.size >= mostNoted) this.#alone.clear();
    this.#alone.set(nameOf(accept), this.#now() + aloneMs);
  }
}

/** Of what the client has left nothing was written, and nothing is. */
function isHere({ isGone, reject }: Waiting): boolean {
  if (!isGone()) return true;
  reject(clientGone());
  return false;
}

/** Nobody reads it, unless in the log. */
export function clientGone(): AppError {
  return new AppError('invalid_request', 'The connection was closed before the request was accepted.');
}

function nameOf(accept: AcceptGeneration): string {
  return JSON.stringify(sortOf(accept));
}
