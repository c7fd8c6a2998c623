import { isAppError } from '@reelay/contracts/errors';
import { deduplicationId, type JobPayload, jobCatalogue, type QueueName } from '@reelay/contracts/jobs';
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Logger, withLogFields } from './logger.js';
import { DEFAULT_QUEUE_PREFIX } from './queues.js';

export interface JobContext {
  /** Aborted when this process lost the job's lock or is about to leave. Stop where repeating is safe. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** `undefined`: done. `againInMs`: the same job once more, not before that time, or at once if a bell rang meanwhile. */
export type JobResult = { readonly againInMs: number } | undefined;

export type JobHandler<Name extends QueueName> = (payload: JobPayload<Name>, context: JobContext) => Promise<JobResult>;

export interface ConsumeOptions {
  /** A connection of role `worker`; it stays the caller's to close. BullMQ duplicates it for blocking reads. */
  readonly redis: Redis;
  readonly log: Logger;
  readonly concurrency: number;
  readonly prefix?: string;
  /** Only tests change these: how soon the jobs of a dead process are taken over. */
  readonly lockDurationMs?: number;
  readonly stalledIntervalMs?: number;
}

export interface Consumer {
  /** Resolves when jobs are being taken. */
  ready(): Promise<void>;
  /** Takes no more jobs, lets running ones end for `graceMs`, then aborts their signals and puts them back. */
  close(options?: { graceMs?: number }): Promise<void>;
}

const ABORTED_JOBS_MS = 1_500;

/**
 * Consumes one queue. A job whose process died is taken over within lock duration + two stalled intervals (BullMQ marks it in one
 * round and moves it in the next). The lock is short because every job may be delivered twice without harm, and a job may stall
 * often, because Postgres, not a counter in Redis, decides when to give up.
 */
export function consume<Name extends QueueName>(
  name: Name,
  handler: JobHandler<Name>,
  options: ConsumeOptions,
): Consumer {
  const log = options.log.child({ queue: name });
  let isLeaving = false;
  const { redis, prefix = DEFAULT_QUEUE_PREFIX } = options;
  const shared = { name, handler, log, redis, queueKey: `${prefix}:${name}`, isLeaving: () => isLeaving };
  // BullMQ hands out an abort signal only to a processor that declares three parameters.
  const process = (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> =>
    withLogFields(job.data as Record<string, unknown>, () =>
      runJob({ ...shared, job, token, signal: signal ?? new AbortController().signal }),
    );
  const worker = new Worker(name, process, {
    connection: redis,
    prefix,
    concurrency: options.concurrency,
    lockDuration: options.lockDurationMs ?? 10_000,
    stalledInterval: options.stalledIntervalMs ?? 3_000,
    maxStalledCount: 20,
    runRetryDelay: 1_000,
    settings: { backoffStrategy: (attemptsMade) => Math.min(500 * 2 ** (attemptsMade - 1), 30_000) },
  });
  worker.on('lockRenewalFailed', (jobIds: string[]) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'the lock of this job was lost');
  });
  worker.on('stalled', (jobId) => log.warn({ jobId }, 'job of a lost process taken over'));
  worker.on('error', (error) => log.debug({ error }, 'consumer error'));
  return {
    ready: async () => {
      await worker.waitUntilReady();
    },
    close: async ({ graceMs = 3_000 } = {}) => {
      const closed = worker.close();
      if (await endsWithin(closed, graceMs)) return;
      isLeaving = true;
      worker.cancelAllJobs('the process is leaving');
      await endsWithin(closed, ABORTED_JOBS_MS);
    },
  };
}

interface JobRun<Name extends QueueName> {
  readonly name: Name;
  readonly handler: JobHandler<Name>;
  readonly log: Logger;
  readonly job: Job;
  readonly token: string | undefined;
  readonly redis: Redis;
  /** What the names of this queue's keys begin with. */
  readonly queueKey: string;
  readonly signal: AbortSignal;
  readonly isLeaving: () => boolean;
}

async function runJob<Name extends QueueName>(run: JobRun<Name>): Promise<void> {
  const { name, handler, log, job, signal } = run;
  const payload = jobCatalogue[name].safeParse(job.data);
  if (!payload.success) {
    log.error({ jobId: job.id }, 'job with an unreadable payload dropped');
    throw new UnrecoverableError(`payload of ${name} does not fit the catalogue`);
  }
  const data = payload.data as JobPayload<Name>;
  let result: JobResult;
  try {
    result = await handler(data, { signal, log });
  } catch (error) {
    return await failJob(run, data, error);
  }
  if (result) await runAgainLater(run, data, result.againInMs);
}

async function failJob<Name extends QueueName>(
  run: JobRun<Name>,
  payload: JobPayload<Name>,
  error: unknown,
): Promise<void> {
  const { log, job, token } = run;
  if (run.isLeaving()) {
    log.info('job put back, the process is leaving');
    await job.moveToWait(token);
    throw new WaitingError();
  }
  if (isAppError(error) && error.retryAfterMs !== undefined) {
    log.warn({ error, againInMs: error.retryAfterMs }, 'job put off');
    return runAgainLater(run, payload, error.retryAfterMs);
  }
  log.error({ error, attempt: job.attemptsMade + 1 }, 'job failed');
  // Only the code is kept in Redis: a message may quote what a client sent.
  if (isAppError(error) && !error.definition.retry) throw new UnrecoverableError(error.code);
  throw new Error(isAppError(error) ? error.code : 'internal_error');
}

/**
 * Re-delays the running job under its own deduplication id. A bell that rang while it ran was kept by BullMQ under `dn:<id>`, but
 * would become a job only when this one *finishes*: taking that key after the move and promoting means that no bell is lost,
 * whichever side of the move it came from (after the move the ringer itself promotes).
 */
async function runAgainLater<Name extends QueueName>(
  run: JobRun<Name>,
  payload: JobPayload<Name>,
  delayMs: number,
): Promise<never> {
  const { name, job, token, redis, queueKey } = run;
  await job.moveToDelayed(Date.now() + Math.max(0, Math.round(delayMs)), token);
  await answerKeptBell(redis, queueKey, job, deduplicationId(name, payload)).catch(() => {
    // The round will come when its delay ends.
  });
  throw new DelayedError();
}

async function answerKeptBell(redis: Redis, queueKey: string, job: Job, bell: string): Promise<void> {
  const kept = await redis.del(`${queueKey}:dn:${bell}`);
  if (kept > 0) await job.promote();
}

async function endsWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const ended = await Promise.race([work.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
