/** Takes away the bare rows of deleted generations when their work is over. */
import { removeDeleted } from '@reelay/db/repair/remove-deleted';
import type { Logger } from '@reelay/platform/logger';
import type { WorkerParts } from '../worker-parts.js';

const portion = 100;

export async function removeDeletedRows(
  parts: Pick<WorkerParts, 'database' | 'settings'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const settings = await parts.settings.read();
  const slowest = Math.max(settings['reconcile.settleMs'], settings['reconcile.listGapMs']);
  // Twice what a list may lag, and no listing is used that was made while the row was there.
  const graceMs = 2 * slowest + settings['reconcile.knownBeforeMs'];
  let removed = 0;
  while (!signal.aborted) {
    const count = await removeDeleted(parts.database, { graceMs, limit: portion });
    removed += count;
    if (count < portion) break;
  }
  if (removed > 0) log.info({ removed }, 'rows of deleted generations removed');
}
