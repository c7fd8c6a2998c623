import type { Redis } from 'ioredis';
import { DEFAULT_QUEUE_PREFIX } from './queues.js';

const made = 'made';

export interface RedisMarkOptions {
  /** A connection of role `producer`; it stays the caller's to close. */
  readonly redis: Redis;
  readonly prefix?: string | undefined;
}

/**
 * A key beside the jobs that is set once they have been made from the rows. Where it is missing Redis has lost everything; after a
 * reconnect Redis may have come back with what it held a while ago, so the mark that is there proves nothing then.
 */
export class RedisMark {
  readonly #redis: Redis;
  readonly #key: string;
  #isDoubted = true;

  constructor({ redis, prefix = DEFAULT_QUEUE_PREFIX }: RedisMarkOptions) {
    this.#redis = redis;
    this.#key = `${prefix}:jobs-made`;
    redis.on('close', () => {
      this.#isDoubted = true;
    });
  }

  /** Whether the jobs that were put into Redis are certainly there. @throws while Redis is away */
  async isTrusted(): Promise<boolean> {
    const mark = await this.#redis.get(this.#key);
    return mark === made && !this.#isDoubted;
  }

  /**
   * Makes the jobs and marks them as made, unless Redis loses its data once more meanwhile. Whoever dies in between leaves it to the
   * next look. @throws what `make` throws
   */
  async renew(make: () => Promise<void>): Promise<void> {
    this.#isDoubted = false;
    try {
      await this.#redis.set(this.#key, 'being made');
      await make();
      if ((await this.#redis.set(this.#key, made, 'XX')) === null) throw new Error('Redis has lost its data again');
    } catch (error) {
      this.#isDoubted = true;
      throw error;
    }
  }
}
