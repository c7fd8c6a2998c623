/** Ends clients' files that have expired, and lets go of stored bytes that neither a file nor a reference names any more. */
import { removeExpiredFiles, removeUnusedObjects } from '@reelay/db/files/sweep-files';
import type { Logger } from '@reelay/platform/logger';
import type { WorkerParts } from '../worker-parts.js';

/** `mostPortions` of one round: what is left waits for the next, so that no round is without end. */
const usual = { portion: 200, mostPortions: 50 };

export async function sweepFiles(
  { database }: Pick<WorkerParts, 'database'>,
  log: Logger,
  signal: AbortSignal,
  { portion, mostPortions }: typeof usual = usual,
): Promise<void> {
  let expired = 0;
  for (let removed = portion; removed === portion && !signal.aborted; ) {
    removed = await removeExpiredFiles(database, portion);
    expired += removed;
  }
  for (
    let seen = portion, portions = 0;
    seen === portion && portions < mostPortions && !signal.aborted;
    portions += 1
  ) {
    seen = await removeUnusedObjects(database, portion);
  }
  if (expired > 0) log.info({ expired }, 'files of clients that have expired removed');
}
