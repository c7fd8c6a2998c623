import type { Queryable } from '../client.js';
import { type Asset, toAsset } from './find-asset.js';

/** For the worker: a generation may read those references that it was accepted with, and no others. */
export async function findLinkedReference(
  database: Queryable,
  of: { assetId: string; generationId: string },
): Promise<Asset | undefined> {
  const { assetId: id, generationId } = of;
  const found = await database.asset.findFirst({ where: { id, generationId, role: 'reference' } });
  return found ? toAsset(found) : undefined;
}
