import type { UpdateWebhookEndpoint } from '@reelay/contracts/webhooks';
import { type EndpointOwner, type KeptEndpoint, updateEndpoint } from '@reelay/db/webhooks/webhook-endpoints';
import type { GatewayParts } from '../gateway-parts.js';
import { checkEndpointUrl } from './check-endpoint-url.js';
import { getEndpoint } from './get-endpoint.js';

/**
 * What is left out stays. One that was disabled for its failures is enabled again by another URL: the SDKs know no other way to say so.
 * @throws AppError `not_found`, `invalid_value`
 */
export async function changeEndpoint(
  parts: GatewayParts,
  ownerId: EndpointOwner,
  id: string,
  { name, url, event_types: eventTypes, status }: UpdateWebhookEndpoint,
): Promise<KeptEndpoint> {
  const endpoint = await getEndpoint(parts, ownerId, id);
  if (url !== undefined) checkEndpointUrl(parts, url);
  const isMended = endpoint.disabledReason !== null && url !== undefined && url !== endpoint.url;
  const isEnabled = status === undefined ? isMended || undefined : status === 'enabled';
  await updateEndpoint(parts.database, { id, ownerId }, { name, url, eventTypes, isEnabled });
  return getEndpoint(parts, ownerId, id);
}
