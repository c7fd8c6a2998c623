import { AppError } from '@reelay/contracts/errors';
import { deduplicationId, type JobPayload, jobCatalogue, type QueueName } from '@reelay/contracts/jobs';
import { type Job, type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.js';

export const DEFAULT_QUEUE_PREFIX = 'reelay';

export interface QueuesOptions {
  /** A connection of role `producer`; it stays the caller's to close. */
  readonly redis: Redis;
  readonly log: Logger;
  readonly prefix?: string;
}

export interface EnqueueOptions {
  /** Not before this time has passed. Ignored when a job of this subject is already waiting or delayed. */
  readonly delayMs?: number;
  /** A delayed job of this subject is to run now (its own re-delay is cut short). */
  readonly bringForward?: boolean;
}

/**
 * The finished are kept, in small number, for people who look; correctness never reads them. Failed attempts come back with a
 * growing delay; what fails for good is made again from its row by a timer.
 */
const jobOptions: JobsOptions = {
  attempts: 10,
  backoff: { type: 'custom' },
  removeOnComplete: { count: 200, age: 3_600 },
  removeOnFail: { count: 500, age: 7 * 24 * 3_600 },
  stackTraceLimit: 3,
};

/** Redis does nothing else while it adds them, and an answer that is late by seconds is given up. */
const mostAtOnce = 500;

/**
 * Producers of all queues. What BullMQ 6.7 does with our deduplication ids (its Lua, read and tested):
 * - The key `de:<id>` names the job that holds the id; it is dropped when that job completes, fails for good or is removed, and
 *   taken over when it names a job that no longer exists (a half-restored Redis heals itself).
 * - An add while the holder waits or is delayed is dropped. BullMQ answers with the holder's id, which is how it is promoted.
 * - An add while the holder is active is kept (`keepLastIfActive`) and becomes a job when the holder *finishes*. A holder that
 *   re-delays itself has not finished, so the consumer looks for the kept add and runs again at once (see `consume.ts`).
 * - No `jobId` is given: a finished job under its own id would swallow every later add.
 */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #queues = new Map<QueueName, Promise<Queue>>();

  constructor(options: QueuesOptions) {
    this.#options = options;
  }

  /**
   * Rings a bell after the commit of the row it is about. Answers whether Redis took it; never throws, because the row is the
   * truth and a timer rings again.
   */
  async enqueue<Name extends QueueName>(
    name: Name,
    payload: JobPayload<Name>,
    options: EnqueueOptions = {},
  ): Promise<boolean> {
    return this.#attempt(name, async (queue) => {
      const job = await queue.add(name, payload, optionsOf(name, payload, options));
      if (options.bringForward) await promote(job);
    });
  }

  /** The same for many rows, in few round trips. False as soon as Redis has not taken a portion; the rest is not tried then. */
  async enqueueMany<Name extends QueueName>(name: Name, payloads: readonly JobPayload<Name>[]): Promise<boolean> {
    if (payloads.length === 0) return true;
    return this.#attempt(name, async (queue) => {
      for (let start = 0; start < payloads.length; start += mostAtOnce) {
        const portion = payloads.slice(start, start + mostAtOnce);
        await queue.addBulk(portion.map((data) => ({ name, data, opts: optionsOf(name, data, {}) })));
      }
    });
  }

  /**
   * Those of the subjects that no job waits, runs or is delayed for.
   * @throws AppError `service_unavailable` while Redis is away
   */
  async findWithoutJob<Name extends QueueName>(
    name: Name,
    payloads: readonly JobPayload<Name>[],
  ): Promise<JobPayload<Name>[]> {
    if (payloads.length === 0) return [];
    const queue = await this.open(name);
    const { redis } = this.#options;
    const holders = await this.#holders(queue, name, payloads);
    // A holder that is gone has left its key behind: the next add takes it over.
    const exist = await Promise.all(holders.map((id) => (id === null ? 0 : redis.exists(queue.toKey(id)))));
    return payloads.filter((_payload, index) => exist[index] !== 1);
  }

  /**
   * Brings forward what is delayed for longer than anybody delays it: by a process whose clock was ahead. Told by the clock of Redis, which
   * is the same for all. Answers how many there were.
   * @throws AppError `service_unavailable` while Redis is away
   */
  async bringForwardLate<Name extends QueueName>(
    name: Name,
    payloads: readonly JobPayload<Name>[],
    longestDelayMs: number,
  ): Promise<number> {
    if (payloads.length === 0) return 0;
    const queue = await this.open(name);
    const { redis } = this.#options;
    const ids = (await this.#holders(queue, name, payloads)).filter((id) => id !== null);
    if (ids.length === 0) return 0;
    const [seconds] = await redis.time();
    const scores = await redis.zmscore(queue.toKey('delayed'), ...ids);
    const latestMs = Number(seconds) * 1_000 + longestDelayMs;
    const late = ids.filter((_id, index) => dueMs(scores[index]) > latestMs);
    for (const id of late) {
      const job = await queue.getJob(id);
      if (job) await promote(job);
    }
    return late.length;
  }

  /** Jobs by state, for status pages and tests. */
  async counts(name: QueueName): Promise<Record<string, number>> {
    const queue = await this.open(name);
    return queue.getJobCounts('wait', 'active', 'delayed', 'failed');
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.#queues.values());
    for (const result of open) if (result.status === 'fulfilled') await result.value.close().catch(() => {});
    this.#queues.clear();
  }

  /** The job of each subject, if there is or was one. */
  #holders<Name extends QueueName>(queue: Queue, name: Name, payloads: readonly JobPayload<Name>[]) {
    return this.#options.redis.mget(payloads.map((payload) => queue.toKey(`de:${deduplicationId(name, payload)}`)));
  }

  async #attempt(name: QueueName, work: (queue: Queue) => Promise<void>): Promise<boolean> {
    try {
      await work(await this.open(name));
      return true;
    } catch (error) {
      this.#options.log.debug({ error, queue: name }, 'job not enqueued, a timer will repeat it');
      return false;
    }
  }

  /**
   * BullMQ's own object, for whoever looks at jobs; it stays ours to close.
   * @throws AppError `service_unavailable` while Redis is away
   */
  async open(name: QueueName): Promise<Queue> {
    const { redis, log } = this.#options;
    // BullMQ waits for the first connection without end; a bell must not.
    if (redis.status !== 'ready') throw new AppError('service_unavailable', 'Redis is not reachable just now.');
    const known = this.#queues.get(name);
    if (known) return known;
    const opening = openQueue(name, redis, this.#options.prefix ?? DEFAULT_QUEUE_PREFIX, log);
    this.#queues.set(name, opening);
    // A connection cut during BullMQ's handshake leaves the queue object useless for ever: forget it.
    opening.catch(() => this.#queues.delete(name));
    return opening;
  }
}

async function openQueue(name: QueueName, redis: Redis, prefix: string, log: Logger): Promise<Queue> {
  const queue = new Queue(name, { connection: redis, prefix, streams: { events: { maxLen: 1_000 } } });
  queue.on('error', (error) => log.debug({ error, queue: name }, 'queue connection error'));
  await queue.waitUntilReady();
  return queue;
}

function optionsOf<Name extends QueueName>(name: Name, payload: JobPayload<Name>, options: EnqueueOptions) {
  jobCatalogue[name].parse(payload);
  return {
    ...jobOptions,
    ...(options.delayMs ? { delay: options.delayMs } : {}),
    deduplication: { id: deduplicationId(name, payload), keepLastIfActive: true },
  };
}

/** BullMQ keeps twelve bits below the milliseconds for the order of jobs of one moment. What is not delayed has no score. */
function dueMs(score: string | null | undefined): number {
  return Number(score ?? 0) / 4_096;
}

/** Promoting is free of clocks, unlike an add with `reschedule`, whose time is the producer's. */
async function promote(job: Job): Promise<void> {
  try {
    await job.promote();
  } catch (error) {
    // Waiting or active is as good; the script answers -3 for both.
    if ((error as { code?: unknown }).code !== -3) throw error;
  }
}
