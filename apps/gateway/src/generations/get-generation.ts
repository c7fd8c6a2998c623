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
  const generation = await findGeneration(database, ownGeneration(shownId, client));
  if (generation) return generation;
  throw notFound(shownId);
}

/** @throws AppError `not_found` for what is no id of ours */
export function ownGeneration(shownId: string, { ownerId }: { ownerId: string }): { id: string; ownerId: string } {
  const id = parseGenerationId(shownId);
  if (id === undefined) throw notFound(shownId);
  return { id, ownerId };
}

export function notFound(shownId: string): AppError {
  return new AppError('not_found', `Nothing with the id "${shownId.slice(0, 80)}" belongs to this key.`, {
    param: 'id',
  });
}
