/**
 * Which requests of this process wait for a result. A row names this process while a request waits; when the request ends, the row is
 * told whether its result was delivered, so that the client's own retry may attach to what was not.
 */
import type { Database } from '@reelay/db/client';
import type { WaiterKey } from '@reelay/db/generations/hold-waiter-key';
import { releaseWaiters } from '@reelay/db/generations/release-waiters';
import type { Logger } from '@reelay/platform/logger';

export interface WaitersOptions {
  database: Database;
  waiterKey: WaiterKey;
  log: Logger;
}

const retryMs = 500;
/** For so long those whose result was delivered gather, for one statement about all; nobody is to attach to them, so nobody waits for it. */
const gatherMs = 50;
/** Longer than this no answer waits for its release to be written; it is written later. */
const patienceMs = 1_500;

export class Waiters {
  readonly #options: WaitersOptions;
  readonly #pending = new Map<string, boolean>();
  /** How many requests of this process wait for it, or waited and have not had that written yet. */
  readonly #held = new Map<string, number>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #flushing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: WaitersOptions) {
    this.#options = options;
  }

  get key(): bigint {
    return this.#options.waiterKey.key;
  }

  /** Generations that rows may name this process for. */
  get held(): string[] {
    return [...this.#held.keys()];
  }

  /** To be called before a row can name this process for it (or within the turn that made it so). */
  hold(generationId: string): void {
    this.#held.set(generationId, (this.#held.get(generationId) ?? 0) + 1);
  }

  /** For what was held and certainly not written; everything else is released. */
  drop(generationId: string): void {
    const left = (this.#held.get(generationId) ?? 0) - 1;
    if (left > 0) this.#held.set(generationId, left);
    else this.#held.delete(generationId);
  }

  /** Work of one name runs one after another. */
  async inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work, work);
    this.#turns.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }

  /**
   * What was not delivered: resolves when that is written, or after a moment when the database is away; it is then written once it is back.
   * What was delivered is written soon, and with others.
   */
  async release(generationId: string, isDelivered: boolean): Promise<void> {
    // Two that waited for the same one are told of by one write, and it drops one of them.
    if (this.#pending.has(generationId)) this.drop(generationId);
    this.#pending.set(generationId, isDelivered);
    if (isDelivered && !this.#isClosed) {
      this.#gathering ??= setTimeout(() => void this.#flush(), gatherMs).unref();
      return;
    }
    const flushed = this.#flush();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([flushed, patience]);
    clearTimeout(timer);
  }

  /** What cannot be written now is attachable anyway: the key of a process that is gone is held by nobody. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#gathering);
    await this.#flush();
  }

  /** One statement at a time; what comes in meanwhile goes, together, with the next. */
  async #flush(): Promise<void> {
    // The running statement may have begun without what this caller brings.
    await this.#flushing;
    if (this.#pending.size > 0) {
      this.#flushing ??= this.#write().finally(() => {
        this.#flushing = undefined;
      });
    }
    await this.#flushing;
  }

  async #write(): Promise<void> {
    const batch = [...this.#pending];
    this.#pending.clear();
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    try {
      const releases = batch.map(([generationId, isDelivered]) => ({ generationId, isDelivered }));
      await releaseWaiters(this.#options.database, this.key, releases);
      for (const [generationId] of batch) this.drop(generationId);
    } catch (error) {
      this.#options.log.warn({ error, count: batch.length }, 'ends of waiting requests not written, trying again');
      for (const [generationId, isDelivered] of batch) {
        if (this.#pending.has(generationId)) this.drop(generationId);
        else this.#pending.set(generationId, isDelivered);
      }
      if (this.#isClosed) return;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#flush(), retryMs).unref();
    }
  }
}
