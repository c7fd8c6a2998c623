/**
 * Webhooks: which events there are, bodies and answers of `/v1/webhook_endpoints` (the shapes of OpenAI's SDKs, with a few fields of ours
 * beside theirs). An event names what it is about and holds none of it; the receiver asks for the rest with its key.
 */
import { z } from 'zod';
import type { GenerationKind, TerminalState } from './domain.js';
import { type Dialect, publicId } from './ids.js';
import { pageQuerySchema } from './openai/page.js';
import { operatorEventTypes } from './operator-events.js';

export const clientWebhookEventTypes = [
  'video.completed',
  'video.failed',
  'image.completed',
  'image.failed',
  'generation.succeeded',
  'generation.failed',
  'generation.cancelled',
] as const;
export type ClientWebhookEventType = (typeof clientWebhookEventTypes)[number];

/** An operator's endpoints hear of every owner's generations, and of accounts and pool. */
export const operatorWebhookEventTypes = [...clientWebhookEventTypes, ...operatorEventTypes] as const;

/** What is sent, as one line of JSON. */
export interface WebhookEvent {
  /** `evt_…`, also the header `webhook-id`: by it a receiver knows an event that it was sent before. */
  id: string;
  object: 'event';
  /** Unix seconds. */
  created_at: number;
  type: string;
  data: { id: string };
}

/**
 * The events of a generation's end, each with the id that its receiver can ask for. What was cancelled is `failed` to OpenAI's clients:
 * their enumeration of states has no other, and one that waits must hear of it.
 */
export function webhookEventsOf(
  { id, dialect, kind }: { id: string; dialect: Dialect; kind: GenerationKind },
  state: TerminalState,
): { type: ClientWebhookEventType; dataId: string }[] {
  const events: { type: ClientWebhookEventType; dataId: string }[] = [];
  if (kind === 'video' || kind === 'image') {
    const type = `${kind}.${state === 'succeeded' ? 'completed' : 'failed'}` as const;
    events.push({ type, dataId: publicId(kind === 'video' ? 'videos' : 'images', id) });
  }
  return [...events, { type: `generation.${state}`, dataId: publicId(dialect, id) }];
}

const name = z.string().trim().min(1).max(256);
const url = z.string().min(1).max(2_048);
const typesOf = <Types extends readonly [string, ...string[]]>(types: Types) =>
  z
    .array(z.enum(types))
    .min(1)
    .max(100)
    .transform((chosen): string[] => [...new Set(chosen)]);

const bodiesWith = (eventTypes: ReturnType<typeof typesOf>) => ({
  create: z.object({ name, url, event_types: eventTypes }),
  update: z.object({
    name: name.optional(),
    url: url.optional(),
    event_types: eventTypes.optional(),
    /** `disabled`: events wait and are sent once it is enabled again. */
    status: z.enum(['enabled', 'disabled']).optional(),
  }),
  rotate: z.object({ keep_old_secret_active_for_24_hours: z.boolean().nullish() }),
});

export const clientWebhookBodies = {
  ...bodiesWith(typesOf(clientWebhookEventTypes)),
  test: z.object({ event_type: z.enum(clientWebhookEventTypes) }),
};
export const operatorWebhookBodies = {
  ...bodiesWith(typesOf(operatorWebhookEventTypes)),
  test: z.object({ event_type: z.enum(operatorWebhookEventTypes) }),
};
export type CreateWebhookEndpoint = z.output<typeof clientWebhookBodies.create>;
export type UpdateWebhookEndpoint = z.output<typeof clientWebhookBodies.update>;
export type RotateWebhookSecret = z.output<typeof clientWebhookBodies.rotate>;
export type TestWebhookEndpoint = { event_type: string };

export const webhookDeliveryStates = ['pending', 'succeeded', 'failed'] as const;
export type WebhookDeliveryState = (typeof webhookDeliveryStates)[number];
export const webhookDeliveryQuerySchema = pageQuerySchema.extend({ status: z.enum(webhookDeliveryStates).optional() });
export type WebhookDeliveryQuery = z.output<typeof webhookDeliveryQuerySchema>;

const unixSeconds = z.number().int();

export const webhookEndpointSchema = z.object({
  id: z.string(),
  object: z.literal('webhook_endpoint'),
  name: z.string(),
  url: z.string(),
  event_types: z.array(z.string()),
  created_at: unixSeconds,
  /** Of the last change of the endpoint or its secret. */
  updated_at: unixSeconds,
  signing_secret_hint: z.string().nullable(),
  status: z.enum(['enabled', 'disabled']),
  /** Why it was disabled; null where its owner did it, or it is enabled. */
  disabled_reason: z.string().nullable(),
  /** Since when every try has failed; null while the last one did not. */
  failing_since: unixSeconds.nullable(),
});
export type WebhookEndpointView = z.infer<typeof webhookEndpointSchema>;

export const webhookEndpointWithSecretSchema = webhookEndpointSchema.extend({ signing_secret: z.string() });

export const webhookDeliverySchema = z.object({
  id: z.string(),
  object: z.literal('webhook_endpoint.delivery'),
  webhook_endpoint_id: z.string(),
  /** As it is sent. */
  event: z.object({
    id: z.string(),
    object: z.literal('event'),
    created_at: unixSeconds,
    type: z.string(),
    data: z.looseObject({ id: z.string() }),
  }),
  status: z.enum(webhookDeliveryStates),
  created_at: unixSeconds,
  /** When it succeeded or was given up. */
  ended_at: unixSeconds.nullable(),
  next_attempt_at: unixSeconds.nullable(),
  /** All of them; the newest ones follow. */
  attempt_count: z.number().int(),
  /** The newest first, at most ten. */
  attempts: z.array(
    z.object({
      number: z.number().int(),
      created_at: unixSeconds,
      status_code: z.number().int().nullable(),
      duration_ms: z.number().int(),
      /** Why there was no answer. */
      error: z.string().nullable(),
      /** The first KiB of the answer. */
      response: z.string().nullable(),
    }),
  ),
});
export type WebhookDeliveryView = z.infer<typeof webhookDeliverySchema>;

const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
export const webhookEndpointListSchema = listOf(webhookEndpointSchema);
export const webhookDeliveryListSchema = listOf(webhookDeliverySchema);

export const deletedWebhookEndpointSchema = z.object({
  id: z.string(),
  object: z.literal('webhook_endpoint.deleted'),
  deleted: z.literal(true),
});

export const webhookTestResultSchema = z.object({
  object: z.literal('webhook_endpoint.test'),
  webhook_endpoint_id: z.string(),
  event_type: z.string(),
  status_code: z.number().int(),
  success: z.literal(true),
});

export const webhookEventTypesSchema = z.object({ object: z.literal('list'), data: z.array(z.string()) });
