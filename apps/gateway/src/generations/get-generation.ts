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
  /** Where the client wrote the id. */
  param?: string,
): Promise<Generation> {
  const generation = await findGeneration(database, ownGeneration(shownId, client, param));
  if (generation) return generation;
  throw notFound(shownId, param);
}

/** @throws AppError `not_found` for what is no id of ours */
export function ownGeneration(
  shownId: string,
  { ownerId }: { ownerId: string },
  param?: string,
): { id: string; ownerId: string } {
  const id = parseGenerationId(shownId);
  if (id === undefined) throw notFound(shownId, param);
  return { id, ownerId };
}

export function notFound(shownId: string, param = 'id'): AppError {
  return new AppError('not_found', `Nothing with the id "${shownId.slice(0, 80)}" belongs to this key.`, { param });
}
