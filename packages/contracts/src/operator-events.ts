/** What an operator wants to be told of. Nothing here contains a secret. */
import { z } from 'zod';
import type { Lane } from './lane.js';

/**
 * - `token.needs_attention`: no credential of the account is accepted any more; a person must add it again.
 * - `pool.exhausted`: of a lane that was being served, no account could begin anything now. Once until it recovers.
 * - `pool.recovered`: one can again.
 * - `webhook.disabled`: every try at an endpoint had failed for days, and nothing is sent to it any more.
 */
export const operatorEventTypes = [
  'token.needs_attention',
  'pool.exhausted',
  'pool.recovered',
  'webhook.disabled',
] as const;
export type OperatorEventType = (typeof operatorEventTypes)[number];

/** Data of `token.needs_attention`. */
export interface TokenNeedsAttention {
  label: string;
  provider: string;
  target: string;
  reason: string;
}

/** Data of `pool.exhausted` and, without the counts, of `pool.recovered`. */
export interface PoolExhausted extends Omit<Lane, 'tokenId'> {
  /** In a sentence. */
  reason: string;
  /** Accounts that have what the lane needs, and why none works; each counts once. */
  accounts: number;
  cooling: number;
  exhausted: number;
  needAttention: number;
  disabled: number;
  /** When the first of those that rest is back, ISO 8601; null where nothing is known. */
  recoversAt: string | null;
}

export interface PoolRecovered extends Omit<Lane, 'tokenId'> {
  exhaustedForMs: number;
}

/** Data of `webhook.disabled`. */
export interface WebhookDisabled {
  name: string;
  /** Null: one of the operator's own. */
  ownerId: string | null;
  reason: string;
}

export const operatorEventViewSchema = z.object({
  id: z.string(),
  /** ISO 8601. */
  at: z.string(),
  type: z.enum(operatorEventTypes),
  /** The account's id, the lane's key, or the endpoint's id. */
  subject: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type OperatorEventView = z.infer<typeof operatorEventViewSchema>;

export const operatorEventPageSchema = z.object({
  /** Newest first. */
  data: z.array(operatorEventViewSchema),
  /** Hand it over as `after` for older ones; null when there are none. */
  next: z.string().nullable(),
});
export type OperatorEventPage = z.infer<typeof operatorEventPageSchema>;

export const operatorEventQuerySchema = z.object({
  type: z.enum(operatorEventTypes).optional(),
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'is not the `next` of a page')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type OperatorEventQuery = z.infer<typeof operatorEventQuerySchema>;
