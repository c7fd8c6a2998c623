/** Makes the jobs that should exist from the rows; deduplication drops what exists already. */
import { findMissingJobs, type MissingJobs } from '@reelay/db/repair/find-missing-jobs';
import type { WorkerParts } from '../worker-parts.js';

export interface RestoredJobs extends MissingJobs {
  /** Whether Redis took all of them. */
  areMade: boolean;
}

export async function restoreJobs({
  database,
  queues,
}: Pick<WorkerParts, 'database' | 'queues'>): Promise<RestoredJobs> {
  const missing = await findMissingJobs(database);
  const made = [
    await queues.enqueueMany(
      'run',
      missing.run.map((generationId) => ({ generationId })),
    ),
    await queues.enqueueMany(
      'poll',
      missing.poll.map((tokenId) => ({ tokenId })),
    ),
    await queues.enqueueMany(
      'finish',
      missing.finish.map((generationId) => ({ generationId })),
    ),
    !missing.isWaiting || (await queues.enqueue('dispatch', {})),
  ];
  return { ...missing, areMade: made.every(Boolean) };
}
