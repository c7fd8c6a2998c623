import { AppError } from '@reelay/contracts/errors';
import type { CreateWebhookEndpoint } from '@reelay/contracts/webhooks';
import { type EndpointOwner, insertEndpoint, type KeptEndpoint } from '@reelay/db/webhooks/webhook-endpoints';
import { newUlid } from '@reelay/platform/ulid';
import { newWebhookSecret, webhookSecretHint } from '@reelay/platform/webhook-secrets';
import type { GatewayParts } from '../gateway-parts.js';
import { checkEndpointUrl } from './check-endpoint-url.js';

/** Of one owner: each end of a generation is written for all of them. */
const mostEndpoints = 50;

export interface EndpointWithSecret {
  endpoint: KeptEndpoint;
  /** Said now and never again. */
  secret: string;
}

/** @throws AppError `invalid_value`, `invalid_request` */
export async function createEndpoint(
  parts: GatewayParts,
  ownerId: EndpointOwner,
  { name, url, event_types: eventTypes }: CreateWebhookEndpoint,
): Promise<EndpointWithSecret> {
  checkEndpointUrl(parts, url);
  const id = `whe_${newUlid()}`;
  const secret = newWebhookSecret();
  const sealed = {
    secretSealed: parts.webhookSecrets.seal(id, 'secret_sealed', secret),
    secretHint: webhookSecretHint(secret),
  };
  const endpoint = await insertEndpoint(
    parts.database,
    { id, ownerId, name, url, eventTypes, ...sealed },
    mostEndpoints,
  );
  if (endpoint) return { endpoint, secret };
  throw new AppError(
    'invalid_request',
    `There are ${mostEndpoints} webhook endpoints already; delete one of them first.`,
  );
}
