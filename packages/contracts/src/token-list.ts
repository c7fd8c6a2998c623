/** The list of accounts: how it is asked for, filtered and answered. Batches choose their accounts by the same filter. */
import { z } from 'zod';
import { slotKinds } from './domain.js';
import { toStorableText } from './storable-text.js';
import { tokenViewSchema } from './tokens.js';

/**
 * - `active`, `needs_attention`, `disabled`: the account's own `state`.
 * - `cooling`, `exhausted`: an `active` account of which the named kind of work (without one: any) rests so, as `image.state` and
 *   `video.state` say.
 */
export const tokenFilterStates = ['active', 'cooling', 'exhausted', 'needs_attention', 'disabled'] as const;
export type TokenFilterState = (typeof tokenFilterStates)[number];

/** The same in a query, where everything is text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]).transform((given) => given === true || given === 'true');

const text = z.string().refine((given) => toStorableText(given) === given, 'contains a character that is no text');

const filterFields = {
  provider: text.max(64).optional(),
  target: text.max(64).optional(),
  state: z.enum(tokenFilterStates).optional(),
  /** Accounts whose switch for this kind of work is on. */
  kind: z.enum(slotKinds).optional(),
  plan: z.enum(['free', 'plus', 'team', 'pro']).optional(),
  sora2: flag.optional(),
  /** Accounts whose access token ends before this time (ISO 8601 with an offset). */
  expiresBefore: z.iso.datetime({ offset: true }).optional(),
  /** Part of the label or of the identity, in any case. Every character stands for itself. */
  q: text.trim().min(1).max(256).optional(),
};

/** Every named field must match; `{}` is every account. Unknown fields are refused: a misspelt one would choose everything. */
export const tokenFilterSchema = z.strictObject(filterFields);
export type TokenFilter = z.infer<typeof tokenFilterSchema>;

export const tokenListQuerySchema = z.strictObject({
  ...filterFields,
  /** The `next` of the page before. */
  after: text.min(1).max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** Whether to count all accounts that match as well. */
  total: flag.default(false),
});
export type TokenListQuery = z.infer<typeof tokenListQuerySchema>;

export const tokenListSchema = z.object({
  /** Newest first. */
  data: z.array(tokenViewSchema),
  /** Hand it over as `after` for older ones; null when there are none. */
  next: z.string().nullable(),
  /** Accounts that match; only where it was asked for. */
  total: z.number().int().optional(),
});
export type TokenList = z.infer<typeof tokenListSchema>;

const restingSchema = z.object({ cooling: z.number().int(), exhausted: z.number().int() });

/** How many accounts there are, by what they can do now. */
export const tokenCountsSchema = z.object({
  total: z.number().int(),
  active: z.number().int(),
  needsAttention: z.number().int(),
  disabled: z.number().int(),
  /** Of the active ones, per kind of work. */
  image: restingSchema,
  video: restingSchema,
});
export type TokenCounts = z.infer<typeof tokenCountsSchema>;
