import { AppError } from '@reelay/contracts/errors';
import { type EndpointOwner, findEndpoint, type KeptEndpoint } from '@reelay/db/webhooks/webhook-endpoints';
import type { GatewayParts } from '../gateway-parts.js';

/**
 * What belongs to somebody else does not exist for this owner.
 * @throws AppError `not_found`
 */
export async function getEndpoint(
  { database }: Pick<GatewayParts, 'database'>,
  ownerId: EndpointOwner,
  id: string,
): Promise<KeptEndpoint> {
  const endpoint = isEndpointId(id) ? await findEndpoint(database, { id, ownerId }) : undefined;
  if (endpoint) return endpoint;
  throw nothingOf(id);
}

/** Others need not be looked for, and some of them cannot even be. */
export function isEndpointId(id: string): boolean {
  return /^whe_[0-9A-HJKMNP-TV-Z]{26}$/.test(id);
}

export function isDeliveryId(id: string): boolean {
  return /^whd_[0-9a-f]{32}$/.test(id);
}

export function nothingOf(id: string): AppError {
  return new AppError('not_found', `Nothing with the id "${id.slice(0, 80)}" belongs to this key.`, { param: 'id' });
}

/** A page cannot follow what is not there. */
export function unknownAfter(): AppError {
  return new AppError('invalid_value', '"after" of the query is no id of this list: take `last_id` of a page.', {
    param: 'after',
  });
}
