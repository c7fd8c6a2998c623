/** Sends an event of nothing to an endpoint, now and once, and says what its receiver answered. It is not logged. */
import { AppError } from '@reelay/contracts/errors';
import type { TestWebhookEndpoint } from '@reelay/contracts/webhooks';
import type { EndpointOwner, KeptEndpoint } from '@reelay/db/webhooks/webhook-endpoints';
import { GuardError } from '@reelay/platform/guarded-target';
import { SealError } from '@reelay/platform/seal';
import { sendWebhook, type WebhookAnswer } from '@reelay/platform/send-webhook';
import { newUlid } from '@reelay/platform/ulid';
import type { GatewayParts } from '../gateway-parts.js';
import { getEndpoint } from './get-endpoint.js';

/** @throws AppError `not_found`, `webhook_unreachable` */
export async function testEndpoint(
  parts: GatewayParts,
  ownerId: EndpointOwner,
  id: string,
  { event_type: eventType }: TestWebhookEndpoint,
) {
  const endpoint = await getEndpoint(parts, ownerId, id);
  const { statusCode } = await send(parts, endpoint, eventType).catch((error: unknown) => {
    throw toAppError(parts, error);
  });
  return {
    object: 'webhook_endpoint.test',
    webhook_endpoint_id: id,
    event_type: eventType,
    status_code: statusCode,
    success: true,
  } as const;
}

async function send(parts: GatewayParts, endpoint: KeptEndpoint, type: string): Promise<WebhookAnswer> {
  const { id, url, secretSealed, oldSecretSealed, oldSecretUntil } = endpoint;
  const secrets = [parts.webhookSecrets.open(id, 'secret_sealed', secretSealed)];
  if (oldSecretSealed !== null && oldSecretUntil !== null) {
    secrets.push(parts.webhookSecrets.open(id, 'old_secret_sealed', oldSecretSealed));
  }
  const createdAt = Math.floor(Date.now() / 1_000);
  const event = { id: `evt_${newUlid()}`, object: 'event', created_at: createdAt, type, data: sampleOf(type) } as const;
  const timeoutMs = (await parts.settings.read())['webhook.timeoutMs'];
  return sendWebhook({ url, secrets, event, timeoutMs, allow: parts.fetchAllow, signal: parts.stopping });
}

const nothing = '0'.repeat(26);

/** Ids of the right form that nothing has. */
function sampleOf(type: string): { id: string } {
  if (type.startsWith('video.') || type.startsWith('generation.')) return { id: `video_${nothing}` };
  return { id: type.startsWith('image.') ? `rly_${nothing}` : nothing };
}

function toAppError({ stopping }: GatewayParts, error: unknown): unknown {
  if (error instanceof GuardError) return new AppError('webhook_unreachable', error.message, { cause: error });
  if (error instanceof SealError) {
    return new AppError('webhook_unreachable', 'The signing secret cannot be read any more; rotate it.', {
      cause: error,
    });
  }
  if (!stopping.aborted) return error;
  return new AppError('gateway_restarting', 'The gateway is being restarted; send the request again in a moment.');
}
