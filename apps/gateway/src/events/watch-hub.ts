/**
 * Live events for all watchers of this process over one Redis subscriber. Messages only save time: a watcher reads rows when it
 * begins, when a message is missing, after every reconnect and when a recheck shows that it is behind.
 */
import { AppError } from '@reelay/contracts/errors';
import { type GenerationEvent, isTerminalEvent } from '@reelay/contracts/events';
import type { Settings } from '@reelay/contracts/settings';
import type { Database } from '@reelay/db/client';
import { readEventsAfter, readSeqs } from '@reelay/db/generations/read-events';
import { isOutage } from '@reelay/db/outage';
import type { Logger } from '@reelay/platform/logger';
import type { EventSubscriber } from '@reelay/platform/messages';
import { EventReads } from './event-reads.js';
import { Watch } from './watch.js';

export interface WatchHubOptions {
  database: Database;
  subscriber: EventSubscriber;
  settings: { read(): Promise<Settings> };
  log: Logger;
}

export type TerminalEvent = Extract<
  GenerationEvent,
  { type: 'generation.succeeded' | 'generation.failed' | 'generation.cancelled' }
>;

/** Somebody who follows one generation. Nothing runs and nothing waits in it between two events: thousands of them are open. */
export interface Watcher {
  /** There may be something to take. */
  readonly hasNews: boolean;
  /**
   * What has happened since the last time, in order and without gaps; nothing where the news were none. One call at a time.
   * @throws AppError `not_found` once the generation was deleted, and what rows cannot be read for where it is no outage
   */
  take(): Promise<GenerationEvent[]>;
  close(): void;
}

/** Longer than this no watcher waits for Redis to confirm a subscription: rows and rechecks serve it meanwhile. */
const subscribePatienceMs = 1_000;
const readRetryMs = 1_000;

export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #reads: EventReads;
  readonly #watches = new Map<string, Set<Watch>>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: WatchHubOptions) {
    this.#options = options;
    this.#reads = new EventReads((cursors) => readEventsAfter(options.database, cursors));
    options.subscriber.onReconnect(() => {
      for (const watch of this.#all()) watch.requireRead();
    });
    void this.#scheduleRecheck();
  }

  /** Resolves when nothing that happens from now on can be missed. What was before is there to be taken. */
  async open(generationId: string, afterSeq: number, onNews: () => void): Promise<Watcher> {
    const watch = new Watch(afterSeq, onNews);
    const release = await this.#register(generationId, watch);
    return {
      get hasNews() {
        return watch.hasNews;
      },
      take: async () => {
        const events = watch.mustRead ? await this.#readRows(generationId, watch) : watch.take();
        if (events.length === 0 && watch.isGone) throw new AppError('not_found', 'The generation was deleted.');
        return events;
      },
      close: release,
    };
  }

  /**
   * Batches of events after `afterSeq`, in order and without gaps, ending with the terminal one. Pulled: a slow reader finds more in
   * its next batch instead of a growing buffer. Ends quietly when the signal aborts, and with the error when rows cannot be read for
   * another reason than an outage.
   */
  async *watch(generationId: string, afterSeq: number, signal: AbortSignal): AsyncGenerator<GenerationEvent[]> {
    let wake = () => {};
    const onNews = () => wake();
    signal.addEventListener('abort', onNews, { once: true });
    const watcher = await this.open(generationId, afterSeq, onNews);
    try {
      while (!signal.aborted) {
        const events = await watcher.take();
        if (events.length > 0) yield events;
        if (events.some(isTerminalEvent)) return;
        if (watcher.hasNews || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', onNews);
      watcher.close();
    }
  }

  /** The event that ends the generation, or undefined when the signal aborts first. */
  async waitForEnd(generationId: string, signal: AbortSignal): Promise<TerminalEvent | undefined> {
    for await (const events of this.watch(generationId, 0, signal)) {
      for (const event of events) {
        if (event.type !== 'generation.queued' && event.type !== 'generation.progressed') return event;
      }
    }
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Registered before the rows are read, so that nothing falls between. */
  async #register(generationId: string, watch: Watch): Promise<() => void> {
    const watches = this.#watches.get(generationId) ?? new Set();
    this.#watches.set(generationId, watches.add(watch));
    const subscribed = this.#options.subscriber.subscribe(generationId, (event) => watch.offer(event));
    await within(subscribed, subscribePatienceMs);
    return () => {
      watches.delete(watch);
      if (watches.size === 0 && this.#watches.get(generationId) === watches) this.#watches.delete(generationId);
      void subscribed.then((unsubscribe) => unsubscribe());
    };
  }

  async #readRows(generationId: string, watch: Watch): Promise<GenerationEvent[]> {
    watch.beginRead();
    try {
      const events = await this.#reads.read({ generationId, seq: watch.cursor });
      watch.acceptRows(events);
      return events;
    } catch (error) {
      // Rows that cannot be read now will be; what fails otherwise would fail for ever, and its client is to be told.
      if (!isOutage(error)) throw error;
      this.#options.log.debug({ error, generationId }, 'events not read, trying again');
      setTimeout(() => watch.requireRead(), readRetryMs).unref();
      return [];
    }
  }

  async #scheduleRecheck(): Promise<void> {
    const settings = await this.#options.settings.read();
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.#recheck().finally(() => this.#scheduleRecheck());
    }, settings['stream.recheckMs']).unref();
  }

  async #recheck(): Promise<void> {
    const ids = [...this.#watches.keys()];
    try {
      const seqs = await readSeqs(this.#options.database, ids);
      for (const id of ids) for (const watch of this.#watches.get(id) ?? []) watch.noticeSeq(seqs.get(id));
    } catch (error) {
      const level = isOutage(error) ? 'debug' : 'error';
      this.#options.log[level]({ error }, 'watched generations not rechecked');
    }
  }

  #all(): Watch[] {
    return [...this.#watches.values()].flatMap((watches) => [...watches]);
  }
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, enough]);
  clearTimeout(timer);
}
