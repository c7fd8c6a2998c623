/** Removes files that nothing refers to (any more): of deleted generations, and what a worker stored and died before it could be used. */
import { noteRemovedFiles, takeLooseFiles } from '@reelay/db/assets/loose-files';
import type { Logger } from '@reelay/platform/logger';
import type { WorkerParts } from '../worker-parts.js';

const portion = 100;

export async function sweepLooseFiles(
  parts: Pick<WorkerParts, 'database' | 'storage'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const keys = await takeLooseFiles(parts.database, portion);
    const removed: string[] = [];
    for (const key of keys) {
      try {
        await parts.storage.delete(key);
        removed.push(key);
      } catch (error) {
        log.warn({ error, key }, 'file not removed, it is tried again');
      }
    }
    await noteRemovedFiles(parts.database, removed);
    if (removed.length > 0) log.info({ removed: removed.length }, 'files that nothing refers to removed');
    if (keys.length < portion) return;
  }
}
