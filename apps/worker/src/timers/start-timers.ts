/** The worker's timers. */
import type { Logger } from '@reelay/platform/logger';
import type { OpenStorage } from '@reelay/platform/open-storage';
import type { RedisMark } from '@reelay/platform/redis-mark';
import type { WorkerParts } from '../worker-parts.js';
import { cleanLitter } from './clean-litter.js';
import { forgetOldGenerations, forgetRecords } from './forget-records.js';
import { noticeLostJobs } from './notice-lost-jobs.js';
import { removeDeletedRows } from './remove-deleted.js';
import { repair } from './repair.js';
import { ringWebhooks } from './ring-webhooks.js';
import { sweepFiles } from './sweep-files.js';
import { sweepLooseFiles } from './sweep-loose-files.js';
import { sweepMedia } from './sweep-media.js';
import { sweepReferences } from './sweep-references.js';
import { startTimer, type Timer } from './timer-loop.js';

const retentionPeriodMs = 60 * 60_000;
/** Nothing that is still being written stands still for as long: what is older was left by a crash. */
const unfinishedAgeMs = 60 * 60_000;

export interface TimerSurroundings {
  readonly log: Logger;
  readonly storage: Pick<OpenStorage, 'sweepUnfinished'>;
  readonly mark: Pick<RedisMark, 'isTrusted' | 'renew'>;
}

export function startTimers(parts: WorkerParts, { log, storage, mark }: TimerSurroundings): Timer {
  const { database } = parts;
  const repairPeriodMs = async () => (await parts.settings.read())['timer.repairMs'];
  const timers = [
    noticeLostJobs(parts, { mark, log }),
    startTimer({
      ...{ database, log, name: 'worker.repair', beginsAtOnce: true },
      periodMs: repairPeriodMs,
      round: (signal) => repair(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.litter', beginsAtOnce: false },
      // Shorter than repair: what it removes may be public for as long.
      periodMs: async () => (await parts.settings.read())['timer.litterMs'],
      round: (signal) => cleanLitter(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.references', beginsAtOnce: false },
      // Often enough that nothing is kept much longer than asked for.
      periodMs: async () => Math.max(await repairPeriodMs(), (await parts.settings.read())['reference.sweepMs'] / 4),
      round: (signal) => sweepReferences(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.files', beginsAtOnce: false },
      periodMs: repairPeriodMs,
      round: (signal) => sweepFiles(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.loose-files', beginsAtOnce: false },
      periodMs: repairPeriodMs,
      round: (signal) => sweepLooseFiles(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.media', beginsAtOnce: false },
      periodMs: async () => (await parts.settings.read())['media.sweepMs'],
      round: (signal) => sweepMedia(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.deleted', beginsAtOnce: false },
      periodMs: repairPeriodMs,
      round: (signal) => removeDeletedRows(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.old-generations', beginsAtOnce: false },
      periodMs: async () => (await parts.settings.read())['media.sweepMs'],
      round: (signal) => forgetOldGenerations(parts, log, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.webhooks', beginsAtOnce: false },
      periodMs: async () => (await parts.settings.read())['timer.webhookMs'],
      round: (signal) => ringWebhooks(parts, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.retention', beginsAtOnce: false },
      periodMs: async () => retentionPeriodMs,
      round: (signal) => forgetRecords(parts, signal),
    }),
    startTimer({
      ...{ database, log, name: 'worker.unfinished', beginsAtOnce: false },
      periodMs: async () => retentionPeriodMs,
      round: async () => {
        const removed = await storage.sweepUnfinished(unfinishedAgeMs);
        if (removed > 0) log.info({ removed }, 'unfinished files of crashed downloads removed');
      },
    }),
  ];
  return {
    close: async () => {
      await Promise.all(timers.map((timer) => timer.close()));
    },
  };
}
