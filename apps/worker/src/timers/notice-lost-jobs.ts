/** Notices within a second or so that Redis has lost what it held, and makes its jobs anew without waiting for the next repair. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@reelay/platform/logger';
import type { RedisMark } from '@reelay/platform/redis-mark';
import type { WorkerParts } from '../worker-parts.js';
import { restoreJobs } from './restore-jobs.js';
import type { Timer } from './timer-loop.js';

export interface NoticeLostJobs {
  readonly mark: Pick<RedisMark, 'isTrusted' | 'renew'>;
  readonly log: Logger;
  /** Of the looks. Each process looks for itself: two that restore at once restore the same. */
  readonly periodMs?: number;
}

export function noticeLostJobs(parts: Pick<WorkerParts, 'database' | 'queues'>, options: NoticeLostJobs): Timer {
  const leaving = new AbortController();
  const ended = loop(parts, options, leaving.signal);
  return {
    close: async () => {
      leaving.abort();
      await ended;
    },
  };
}

async function loop(
  parts: Pick<WorkerParts, 'database' | 'queues'>,
  { mark, log, periodMs = 1_000 }: NoticeLostJobs,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!(await mark.isTrusted())) await mark.renew(() => restore(parts, log));
    } catch (error) {
      // Redis or Postgres is away: it stays to be done.
      log.debug({ error }, 'jobs not looked for, trying again');
    }
    await pause(periodMs, undefined, { signal }).catch(() => undefined);
  }
}

async function restore(parts: Pick<WorkerParts, 'database' | 'queues'>, log: Logger): Promise<void> {
  const { run, poll, finish, isWaiting, areMade } = await restoreJobs(parts);
  if (!areMade) throw new Error('Redis did not take all jobs');
  const counts = { run: run.length, poll: poll.length, finish: finish.length, isWaiting };
  if (run.length + poll.length + finish.length > 0) log.warn(counts, 'Redis may have lost jobs, made from the rows');
}
