import { AppError } from '@reelay/contracts/errors';
import { parseGenerationId } from '@reelay/contracts/ids';
import { findGeneration, type Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';

/**
 * By any of its public ids. What belongs to somebody else does not exist for this client.
 * @throws AppError `not_found`
 */
export async function getGeneration(
  { database }: GatewayParts,
  shownId: string,
  client: { ownerId: string },
): Promise<Generation> {
  const id = parseGenerationId(shownId);
  const generation = id === undefined ? undefined : await findGeneration(database, { id, ownerId: client.ownerId });
  if (generation) return generation;
  throw new AppError('not_found', `Nothing with the id "${shownId.slice(0, 80)}" belongs to this key.`, {
    param: 'id',
  });
}
