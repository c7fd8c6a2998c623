import { AppError } from '@reelay/contracts/errors';
import { type Asset, findAsset } from '@reelay/db/assets/find-asset';
import type { GatewayParts } from '../gateway-parts.js';

/**
 * The file a signed link is for.
 * @throws AppError `link_invalid`, `link_expired`, `expired`, `not_found`
 */
export async function findLinkedAsset(
  { database, links }: GatewayParts,
  fileName: string,
  query: Record<string, unknown>,
): Promise<Asset> {
  const asset = await findAsset(database, links.verify(fileName, query));
  if (asset?.removedAt) throw mediaExpired();
  if (asset) return asset;
  throw new AppError('not_found', 'The file this link was made for was deleted.');
}

/** Its generation is still known, what was made is not kept any more. */
export function mediaExpired(): AppError {
  return new AppError(
    'expired',
    'The file is not kept any more: this installation removes files after a time. Make it anew.',
  );
}
