/** What crashes, flushes and lost messages swallowed comes back from the rows: deadlines, missing jobs, slots that were held. */
import { failGeneration, findOverdue } from '@reelay/db/generations/fail-generation';
import { releaseForgottenLitter } from '@reelay/db/litter/note-litter';
import { removeHeldSlots } from '@reelay/db/repair/remove-held-slots';
import type { Logger } from '@reelay/platform/logger';
import { announce, ringDispatch } from '../announce.js';
import type { WorkerParts } from '../worker-parts.js';
import { hurryLate } from './hurry-late.js';
import { restoreJobs } from './restore-jobs.js';

const overdueAtOnce = 200;

/** Each step stands alone: one that fails must not keep the others from their round. */
export async function repair(parts: WorkerParts, log: Logger, signal?: AbortSignal): Promise<void> {
  const results = await Promise.allSettled([
    endOverdue(parts, log, signal),
    // While Redis takes nothing there is nothing to bring forward.
    restoreJobs(parts).then((jobs) => (jobs.areMade ? hurryLate(parts, jobs, log) : undefined)),
    freeHeldSlots(parts, log),
    releaseForgottenLitter(parts.database),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/**
 * Their attempts go on being polled: what the upstream has holds its slot until it is done there. All of them, for after an outage many are
 * late at once; and each alone, so that one that cannot be ended just now keeps nobody else from it.
 */
async function endOverdue(parts: WorkerParts, log: Logger, signal?: AbortSignal): Promise<void> {
  let failures: unknown[];
  let overdue: string[];
  do {
    overdue = await findOverdue(parts.database, overdueAtOnce);
    failures = [];
    for (const generationId of overdue) {
      if (signal?.aborted) return;
      await endOne(parts, log, generationId).catch((error: unknown) => failures.push(error));
    }
    if (overdue.length > 0) await ringDispatch(parts);
  } while (overdue.length === overdueAtOnce && failures.length < overdue.length);
  if (failures.length > 0) throw failures[0];
}

async function endOne(parts: WorkerParts, log: Logger, generationId: string): Promise<void> {
  const message = 'The generation was not finished by its deadline.';
  const failed = await failGeneration(parts.database, generationId, { code: 'deadline_exceeded', message });
  if (!failed) return;
  log.warn({ generationId }, 'failed by its deadline');
  await announce(parts, [failed]);
}

async function freeHeldSlots(parts: WorkerParts, log: Logger): Promise<void> {
  const freed = await removeHeldSlots(parts.database);
  if (freed === 0) return;
  log.info({ freed }, 'slots of lost submits freed');
  await ringDispatch(parts);
}
