import { cancelGeneration as cancel } from '@reelay/db/generations/cancel-generation';
import type { Generation } from '@reelay/db/generations/find-generation';
import type { GatewayParts } from '../gateway-parts.js';
import { announceEnd } from './announce-end.js';
import { getGeneration, notFound, ownGeneration } from './get-generation.js';

/**
 * Ends a generation for its client at once, by any of its public ids, and answers it as it is then. One that has ended is answered as it is.
 * @throws AppError `not_found`
 */
export async function cancelGeneration(
  parts: GatewayParts,
  shownId: string,
  client: { ownerId: string },
): Promise<Generation> {
  const own = ownGeneration(shownId, client);
  const cancellation = await cancel(parts.database, own);
  if (!cancellation) throw notFound(shownId);
  await announceEnd(parts, cancellation);
  if (cancellation.event) parts.log.info({ generationId: own.id }, 'generation cancelled');
  return getGeneration(parts, shownId, client);
}
