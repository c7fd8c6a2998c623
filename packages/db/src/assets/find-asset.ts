/** Reading of stored media. Whoever asks with an owner sees only that owner's. */
import type { Queryable } from '../client.js';

export interface Asset {
  id: string;
  ownerId: string;
  generationId: string | null;
  storageKey: string;
  contentType: string;
  sizeBytes: number;
  sha256: string;
  createdAt: Date;
  /** Its file is gone, by age or for room. */
  removedAt: Date | null;
}

/** For signed links, whose signature stands for the right to read. */
export async function findAsset(database: Queryable, id: string): Promise<Asset | undefined> {
  const found = await database.asset.findUnique({ where: { id } });
  return found ? toAsset(found) : undefined;
}

/** The results of an owner's generation in their order, as far as their files are still kept. */
export async function findResultAssets(
  database: Queryable,
  of: { generationId: string; ownerId: string },
): Promise<Asset[]> {
  const found = await database.asset.findMany({
    where: { generationId: of.generationId, ownerId: of.ownerId, role: 'result', removedAt: null },
    orderBy: { ordinal: 'asc' },
  });
  return found.map(toAsset);
}

interface AssetRow extends Omit<Asset, 'sizeBytes'> {
  sizeBytes: bigint;
}

export function toAsset(row: AssetRow): Asset {
  return {
    id: row.id,
    ownerId: row.ownerId,
    generationId: row.generationId,
    storageKey: row.storageKey,
    contentType: row.contentType,
    sizeBytes: Number(row.sizeBytes),
    sha256: row.sha256,
    createdAt: row.createdAt,
    removedAt: row.removedAt,
  };
}
