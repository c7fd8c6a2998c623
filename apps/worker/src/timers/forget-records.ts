/** Takes away what is older than records are kept. A round does no more than so much; what is left is there in the next one. */
import { deleteExpired } from '@reelay/db/repair/delete-expired';
import { forgetGenerations } from '@reelay/db/repair/forget-generations';
import { deleteOldDeliveries } from '@reelay/db/webhooks/list-deliveries';
import type { Logger } from '@reelay/platform/logger';
import type { WorkerParts } from '../worker-parts.js';

const mostPortions = 200;
const generationsAtOnce = 100;
const mostGenerationPortions = 10;

/** Each kind of record has its turn, whatever became of the one before; throws the first reason when all have been tried. */
export async function forgetRecords(
  { database, settings }: Pick<WorkerParts, 'database' | 'settings'>,
  signal: AbortSignal,
): Promise<void> {
  const kept = await settings.read();
  const failures: unknown[] = [];
  const deliveries = async () => {
    for (let done = 0; done < mostPortions && !signal.aborted; done += 1)
      if (!(await deleteOldDeliveries(database, kept['webhook.logDays']))) return;
  };
  for (const forget of [deliveries, () => deleteExpired(database, kept, { mostPortions, signal })])
    await forget().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** By the rows of the database alone, so a round that was cut off is gone on with by the next. */
export async function forgetOldGenerations(
  { database, settings }: Pick<WorkerParts, 'database' | 'settings'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { 'generation.keepDays': olderThanDays } = await settings.read();
  if (olderThanDays === 0) return;
  let forgotten = 0;
  for (let done = 0; done < mostGenerationPortions && !signal.aborted; done += 1) {
    const count = await forgetGenerations(database, { olderThanDays, limit: generationsAtOnce });
    forgotten += count;
    if (count < generationsAtOnce) break;
  }
  if (forgotten > 0) log.info({ generations: forgotten }, 'generations forgotten, their time is over');
}
