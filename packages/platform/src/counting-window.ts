/** How often something happened within a time, counted over all processes that share a Redis. */
import type { Redis } from 'ioredis';
import type { Logger } from './logger.js';
import { DEFAULT_QUEUE_PREFIX } from './queues.js';

export interface CountingWindowOptions {
  /** A connection of role `producer`; it stays the caller's to close. */
  readonly redis: Redis;
  readonly prefix?: string | undefined;
  readonly windowMs: number;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export interface WindowCount {
  /** This time included. */
  count: number;
  /** Until it is counted from nothing again. */
  endsInMs: number;
}

/** After a failure Redis is left alone for so long, so that not every caller waits for it. */
const restMs = 5_000;
const mostRemembered = 10_000;

// A key without an end would count for ever: whatever took its expiry away, it gets a new one.
const script = `
  local count = redis.call('INCR', KEYS[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
  end
  return { count, left }`;

/**
 * A window begins with the first time and ends `windowMs` later; the next time begins another one. So up to twice as much may happen around
 * an end. While Redis is away each process counts for itself, from nothing.
 */
export class CountingWindow {
  readonly #options: CountingWindowOptions;
  readonly #now: () => number;
  readonly #here = new Map<string, { count: number; endsAt: number }>();
  /** While it fails. */
  #askAgainAt: number | undefined;

  constructor(options: CountingWindowOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async count(subject: string): Promise<WindowCount> {
    const { redis, prefix = DEFAULT_QUEUE_PREFIX, windowMs, log } = this.#options;
    if (redis.status === 'ready' && this.#now() >= (this.#askAgainAt ?? Number.NEGATIVE_INFINITY)) {
      // One tries whether it works again, and the others do not wait with it.
      if (this.#askAgainAt !== undefined) this.#askAgainAt = this.#now() + restMs;
      try {
        const answer = await redis.eval(script, 1, `${prefix}:window:${subject}`, windowMs);
        const [count, endsInMs] = answer as [number, number];
        this.#askAgainAt = undefined;
        return { count, endsInMs };
      } catch (error) {
        this.#askAgainAt = this.#now() + restMs;
        log.debug({ error }, 'not counted in Redis, counting here');
      }
    }
    return this.#countHere(subject, windowMs);
  }

  #countHere(subject: string, windowMs: number): WindowCount {
    const now = this.#now();
    const known = this.#here.get(subject);
    const window = known && known.endsAt > now ? known : { count: 0, endsAt: now + windowMs };
    window.count += 1;
    if (this.#here.size >= mostRemembered) this.#forgetEnded(now);
    this.#here.set(subject, window);
    return { count: window.count, endsInMs: window.endsAt - now };
  }

  #forgetEnded(now: number): void {
    for (const [subject, { endsAt }] of this.#here) if (endsAt <= now) this.#here.delete(subject);
  }
}
