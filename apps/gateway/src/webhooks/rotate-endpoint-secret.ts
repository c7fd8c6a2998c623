import type { RotateWebhookSecret } from '@reelay/contracts/webhooks';
import { type EndpointOwner, type KeptEndpoint, rotateSecret } from '@reelay/db/webhooks/webhook-endpoints';
import { SealError } from '@reelay/platform/seal';
import { newWebhookSecret, webhookSecretHint } from '@reelay/platform/webhook-secrets';
import type { GatewayParts } from '../gateway-parts.js';
import type { EndpointWithSecret } from './create-endpoint.js';
import { isEndpointId, nothingOf } from './get-endpoint.js';

const keepsOldMs = 24 * 3_600_000;

/** @throws AppError `not_found` */
export async function rotateEndpointSecret(
  { database, webhookSecrets }: GatewayParts,
  ownerId: EndpointOwner,
  id: string,
  { keep_old_secret_active_for_24_hours: keepsOld }: RotateWebhookSecret,
): Promise<EndpointWithSecret> {
  const secret = newWebhookSecret();
  const next = (current: KeptEndpoint) => ({
    secretSealed: webhookSecrets.seal(id, 'secret_sealed', secret),
    secretHint: webhookSecretHint(secret),
    oldSecretSealed: keepsOld ? resealAsOld(webhookSecrets, current) : null,
  });
  const endpoint = isEndpointId(id) ? await rotateSecret(database, { id, ownerId }, { keepsOldMs, next }) : undefined;
  if (endpoint) return { endpoint, secret };
  throw nothingOf(id);
}

/** A secret is sealed for its place, so it is sealed anew for the other. One that cannot be read any more has no future there. */
function resealAsOld(secrets: GatewayParts['webhookSecrets'], { id, secretSealed }: KeptEndpoint): string | null {
  try {
    return secrets.seal(id, 'old_secret_sealed', secrets.open(id, 'secret_sealed', secretSealed));
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}
