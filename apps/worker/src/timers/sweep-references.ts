/** Removes images and videos that clients gave and no generation came to use: the request was refused, or its process died. */
import { noteRemovedFiles } from '@reelay/db/assets/loose-files';
import { removeUnusedReferences } from '@reelay/db/assets/sweep-references';
import type { Logger } from '@reelay/platform/logger';
import type { WorkerParts } from '../worker-parts.js';

const portion = 200;

export async function sweepReferences(
  parts: Pick<WorkerParts, 'database' | 'storage' | 'settings'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const olderThanMs = (await parts.settings.read())['reference.sweepMs'];
  let removed = 0;
  while (!signal.aborted) {
    const keys = await removeUnusedReferences(parts.database, { olderThanMs, limit: portion });
    for (const key of keys) await parts.storage.delete(key);
    await noteRemovedFiles(parts.database, keys);
    removed += keys.length;
    if (keys.length < portion) break;
  }
  if (removed > 0) log.info({ removed }, 'references that nothing uses removed');
}
