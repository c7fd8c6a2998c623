/** Endpoints and their log as they are answered. Pure; no secret but the one that was just made. */
import type { WebhookDeliveryView, WebhookEndpointView } from '@reelay/contracts/webhooks';
import type { LoggedDelivery } from '@reelay/db/webhooks/list-deliveries';
import type { WebhookEndpoint } from '@reelay/db/webhooks/webhook-endpoints';
import { unixSeconds } from '../openai/video-object.js';

export function endpointViewOf(endpoint: WebhookEndpoint): WebhookEndpointView {
  const { id, name, url, eventTypes, secretHint, failingSince, disabledAt, disabledReason } = endpoint;
  return {
    id,
    object: 'webhook_endpoint',
    name,
    url,
    event_types: eventTypes,
    created_at: unixSeconds(endpoint.createdAt),
    updated_at: unixSeconds(endpoint.updatedAt),
    signing_secret_hint: secretHint,
    status: disabledAt === null ? 'enabled' : 'disabled',
    disabled_reason: disabledReason,
    failing_since: failingSince && unixSeconds(failingSince),
  };
}

export function deliveryViewOf(delivery: LoggedDelivery, endpoint: WebhookEndpoint): WebhookDeliveryView {
  const { id, endpointId, eventId, eventType, data, state, tries, nextTryAt, createdAt, endedAt, attempts } = delivery;
  const isWaiting = state === 'pending' && endpoint.disabledAt === null;
  return {
    id,
    object: 'webhook_endpoint.delivery',
    webhook_endpoint_id: endpointId,
    event: { id: eventId, object: 'event', created_at: unixSeconds(createdAt), type: eventType, data },
    status: state,
    created_at: unixSeconds(createdAt),
    ended_at: endedAt && unixSeconds(endedAt),
    next_attempt_at: isWaiting ? unixSeconds(nextTryAt) : null,
    attempt_count: tries,
    attempts: attempts.map((attempt) => ({
      number: attempt.n,
      created_at: attempt.createdAt,
      status_code: attempt.statusCode,
      duration_ms: attempt.durationMs,
      error: attempt.error,
      response: attempt.response,
    })),
  };
}
