import { type GenerationEvent, generationEventSchema } from '@reelay/contracts/events';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.js';

/**
 * Live messages about generations. They are a hint that saves a read, never the truth: the event row was committed first, and a
 * watcher that misses one reads it from Postgres.
 */
export interface MessageOptions {
  readonly redis: Redis;
  readonly log: Logger;
  readonly prefix?: string;
}

export type EventListener = (event: GenerationEvent) => void;

export class EventPublisher {
  readonly #options: MessageOptions;

  constructor(options: MessageOptions) {
    this.#options = options;
  }

  /** Never throws: a message that Redis did not take costs latency only. */
  async publish(generationId: string, event: GenerationEvent): Promise<void> {
    const { redis, log } = this.#options;
    try {
      if (redis.status !== 'ready') return;
      await redis.publish(channelOf(this.#options, generationId), JSON.stringify(event));
    } catch (error) {
      log.debug({ error, generationId }, 'message not published');
    }
  }
}

/** One connection (role `subscriber`) for all watchers of a process. */
export class EventSubscriber {
  readonly #options: MessageOptions;
  readonly #listeners = new Map<string, Set<EventListener>>();
  readonly #reconnected = new Set<() => void>();
  #wasReady: boolean;

  constructor(options: MessageOptions) {
    this.#options = options;
    this.#wasReady = options.redis.status === 'ready';
    options.redis.on('message', (channel: string, text: string) => this.#deliver(channel, text));
    // ioredis restores subscriptions by itself; what was published meanwhile is gone, so the watchers must look at the rows.
    options.redis.on('ready', () => {
      if (this.#wasReady) for (const listener of this.#reconnected) listener();
      this.#wasReady = true;
    });
  }

  /** Resolves when messages flow (or, with Redis away, will flow once it is back). The answer unsubscribes. */
  async subscribe(generationId: string, listener: EventListener): Promise<() => void> {
    const channel = channelOf(this.#options, generationId);
    const listeners = this.#listeners.get(channel) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(channel, listeners);
    // Also for the second watcher: the first one's command may still be on its way.
    await this.#tell('subscribe', channel);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(channel) !== listeners) return;
      this.#listeners.delete(channel);
      void this.#tell('unsubscribe', channel);
    };
  }

  /** Called after every reconnect, when messages may have been missed. */
  onReconnect(listener: () => void): () => void {
    this.#reconnected.add(listener);
    return () => this.#reconnected.delete(listener);
  }

  async #tell(command: 'subscribe' | 'unsubscribe', channel: string): Promise<void> {
    const { redis, log } = this.#options;
    const sent = redis[command](channel).catch((error: unknown) =>
      log.debug({ error, command }, 'subscription failed'),
    );
    // With Redis away the command waits in the offline queue; a watcher lives on rows meanwhile and must not wait with it.
    if (redis.status === 'ready') await sent;
  }

  #deliver(channel: string, text: string): void {
    const listeners = this.#listeners.get(channel);
    if (!listeners) return;
    const event = parseEvent(text);
    if (!event) {
      this.#options.log.debug({ channel }, 'message of an unknown form ignored');
      return;
    }
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#options.log.error({ error }, 'watcher failed');
      }
    }
  }
}

function channelOf(options: MessageOptions, generationId: string): string {
  return `${options.prefix ?? 'reelay'}:events:${generationId}`;
}

/** A newer release may publish types this one does not know: its watchers read rows. */
function parseEvent(text: string): GenerationEvent | undefined {
  try {
    return generationEventSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
