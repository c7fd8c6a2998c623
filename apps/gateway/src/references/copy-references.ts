/** References belong to one generation each, and are deleted with it: every other one of its group gets its own. */
import type { Reference } from '@reelay/contracts/generation-request';
import { insertReference } from '@reelay/db/assets/insert-reference';
import { noteReferenceFile } from '@reelay/db/assets/loose-files';
import { newUlid } from '@reelay/platform/ulid';
import { extensionOf } from '../media/media-links.js';
import type { StoreReferencesParts } from './store-references.js';

type Parts = Pick<StoreReferencesParts, 'database' | 'storage'>;

/** Of what was just stored, and belongs to no generation yet. */
export async function copyReferences(parts: Parts, references: readonly Reference[]): Promise<Reference[]> {
  const copies: Reference[] = [];
  for (const reference of references) copies.push(await copyReference(parts, reference));
  return copies;
}

async function copyReference({ database, storage }: Parts, reference: Reference): Promise<Reference> {
  const asset = await database.asset.findUniqueOrThrow({ where: { id: reference.assetId } });
  const { ownerId, contentType, width, height } = asset;
  const id = newUlid();
  const storageKey = `references/${id.slice(-2).toLowerCase()}/${id}.${extensionOf(contentType)}`;
  await noteReferenceFile(database, storageKey);
  const stored = await storage.put(storageKey, await storage.open(asset.storageKey));
  const size = width === null || height === null ? {} : { width, height };
  await insertReference(database, { id, ownerId, storageKey, contentType, ...stored, ...size });
  return { ...reference, assetId: id };
}
