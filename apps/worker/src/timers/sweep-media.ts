/** Removes media that were kept for as long as they are to be, and the oldest where there are more than there may be. */
import { noteRemovedFiles } from '@reelay/db/assets/loose-files';
import { countStoredBytes, findLargeOwners, type RemoveMedia, removeMedia } from '@reelay/db/assets/remove-media';
import type { Logger } from '@reelay/platform/logger';
import type { WorkerParts } from '../worker-parts.js';

const hourMs = 3_600_000;
const portion = 50;
/** What is left is there in the next round. */
const mostPortions = 100;

interface Sweep {
  parts: Pick<WorkerParts, 'database' | 'storage' | 'settings'>;
  log: Logger;
  signal: AbortSignal;
}

/** Each step is done whatever became of the one before; throws the first reason when all have been tried. */
export async function sweepMedia(parts: Sweep['parts'], log: Logger, signal: AbortSignal): Promise<void> {
  const sweep = { parts, log, signal };
  const { database } = parts;
  const settings = await parts.settings.read();
  const keepMs = settings['media.keepHours'] * hourMs;
  const olderThanMs = settings['media.spareMs'];
  const { 'media.mostBytesPerOwner': mostPerOwner, 'media.mostBytes': mostBytes } = settings;
  const failures: unknown[] = [];
  const attempt = (step: () => Promise<void>) => step().catch((error: unknown) => void failures.push(error));

  if (keepMs > 0) await attempt(() => remove(sweep, 'their time is over', { olderThanMs: keepMs }));
  await attempt(async () => {
    const large = mostPerOwner > 0 ? await findLargeOwners(database, mostPerOwner) : [];
    for (const ownerId of large) {
      const most = { olderThanMs, ownerId, mostBytes: mostPerOwner };
      await attempt(() => remove(sweep, 'their owner has too many', most));
    }
  });
  await attempt(async () => {
    if (mostBytes === 0 || (await countStoredBytes(database)) <= mostBytes) return;
    await remove(sweep, 'there are too many', { olderThanMs, mostBytes });
  });
  if (failures.length > 0) throw failures[0];
}

/** A file that could not be deleted is found again as a loose one. */
async function remove({ parts, log, signal }: Sweep, reason: string, which: Omit<RemoveMedia, 'limit'>): Promise<void> {
  const { database, storage } = parts;
  let generations = 0;
  let bytes = 0;
  for (let done = 0; done < mostPortions && !signal.aborted; done += 1) {
    const removed = await removeMedia(database, { ...which, limit: portion });
    generations += removed.generations;
    bytes += removed.bytes;
    const gone: string[] = [];
    for (const key of removed.storageKeys) {
      await storage.delete(key).then(
        () => gone.push(key),
        (error: unknown) => log.warn({ error, key }, 'file not removed, it is tried again'),
      );
    }
    await noteRemovedFiles(database, gone);
    if (removed.generations < portion) break;
  }
  if (generations > 0) log.info({ generations, sizeBytes: bytes, reason }, 'media removed');
}
