/** The log of an endpoint, and sending something of it once more. */
import { AppError } from '@reelay/contracts/errors';
import { pageOf } from '@reelay/contracts/openai/page';
import type { WebhookDeliveryQuery, WebhookDeliveryView } from '@reelay/contracts/webhooks';
import { findDelivery, listDeliveries, replayDelivery } from '@reelay/db/webhooks/list-deliveries';
import type { EndpointOwner } from '@reelay/db/webhooks/webhook-endpoints';
import type { GatewayParts } from '../gateway-parts.js';
import { getEndpoint, isDeliveryId, nothingOf, unknownAfter } from './get-endpoint.js';
import { deliveryViewOf } from './show-endpoint.js';

/** @throws AppError `not_found`, `invalid_value` */
export async function showDeliveries(
  parts: GatewayParts,
  ownerId: EndpointOwner,
  endpointId: string,
  query: WebhookDeliveryQuery,
) {
  const endpoint = await getEndpoint(parts, ownerId, endpointId);
  const isKnown = query.after === undefined || isDeliveryId(query.after);
  const rows = isKnown ? await listDeliveries(parts.database, endpointId, query) : undefined;
  if (!rows) throw unknownAfter();
  const shown = rows.slice(0, query.limit).map((delivery) => deliveryViewOf(delivery, endpoint));
  return pageOf(shown, rows.length > query.limit);
}

/** @throws AppError `not_found`, `invalid_request` while the endpoint is disabled */
export async function replay(
  parts: GatewayParts,
  ownerId: EndpointOwner,
  endpointId: string,
  id: string,
): Promise<WebhookDeliveryView> {
  const endpoint = await getEndpoint(parts, ownerId, endpointId);
  if (endpoint.disabledAt !== null) {
    throw new AppError(
      'invalid_request',
      'This endpoint is disabled: enable it first, then what waits is sent as well.',
    );
  }
  const own = { endpointId, id };
  const isReplayed = isDeliveryId(id) && (await replayDelivery(parts.database, own));
  if (isReplayed) await parts.queues.enqueue('webhook', { endpointId });
  const delivery = isReplayed ? await findDelivery(parts.database, own) : undefined;
  if (!delivery) throw nothingOf(id);
  return deliveryViewOf(delivery, endpoint);
}
