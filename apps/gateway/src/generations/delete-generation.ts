import { noteRemovedFiles } from '@reelay/db/assets/loose-files';
import { deleteGeneration as remove } from '@reelay/db/generations/delete-generation';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { announceEnd } from './announce-end.js';
import { getGeneration, notFound } from './get-generation.js';

/**
 * Removes a generation and everything that was said in it and made of it, by any of its public ids; one that runs is cancelled first.
 * Answers what it was.
 * @throws AppError `not_found`, also the second time
 */
export async function deleteGeneration(
  parts: GatewayParts,
  shownId: string,
  client: { ownerId: string },
): Promise<Generation> {
  const generation = await getGeneration(parts, shownId, client);
  const { id } = generation;
  const deletion = await remove(parts.database, { id, ownerId: client.ownerId });
  if (!deletion) throw notFound(shownId);
  await announceEnd(parts, deletion);
  await removeFiles(parts, deletion.files);
  parts.log.info({ generationId: id, files: deletion.files.length }, 'generation deleted');
  return generation;
}

/** They can be asked for by nobody any more; what cannot be removed now a timer removes. */
async function removeFiles({ database, storage, log }: GatewayParts, files: readonly string[]): Promise<void> {
  try {
    for (const key of files) await storage.delete(key);
    await noteRemovedFiles(database, files);
  } catch (error) {
    log.warn({ error }, 'files of a deleted generation not removed yet');
  }
}
