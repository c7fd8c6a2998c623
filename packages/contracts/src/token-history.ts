/** An account's state and what has happened to it, as people see it. Nothing here contains a secret. */
import { z } from 'zod';
import type { SlotKind } from './domain.js';
import { type Circumstances, exhaustionOf, type KindLife, standingOf, type TokenLife } from './token-life.js';

export const kindStateSchema = z.object({
  /** `ready` says nothing of free slots or of the account as a whole. */
  state: z.enum(['ready', 'cooling', 'exhausted']),
  /** ISO 8601; null while it is ready. */
  until: z.string().nullable(),
  reason: z.string().nullable(),
  /** Faults of the account in a row. */
  faults: z.number().int(),
});
export type KindState = z.infer<typeof kindStateSchema>;

export const tokenStateSchema = z.object({
  state: z.enum(['active', 'needs_attention', 'disabled']),
  stateReason: z.string().nullable(),
  disabledBy: z.enum(['operator', 'automation']).nullable(),
  image: kindStateSchema,
  video: kindStateSchema,
});
export type TokenState = z.infer<typeof tokenStateSchema>;

export const tokenEventViewSchema = z.object({
  id: z.string(),
  /** ISO 8601. */
  at: z.string(),
  type: z.string(),
  /** What came with it: a reason, a time. */
  data: z.record(z.string(), z.unknown()),
  before: tokenStateSchema,
  after: tokenStateSchema,
});
export type TokenEventView = z.infer<typeof tokenEventViewSchema>;

export const tokenEventPageSchema = z.object({
  /** Newest first. */
  data: z.array(tokenEventViewSchema),
  /** Hand it over as `after` for older ones; null when there are none. */
  next: z.string().nullable(),
});
export type TokenEventPage = z.infer<typeof tokenEventPageSchema>;

export const tokenEventQuerySchema = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'is not the `next` of a page')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type TokenEventQuery = z.infer<typeof tokenEventQuerySchema>;

export const disableTokenSchema = z.object({ reason: z.string().trim().min(1).max(300).optional() });
export type DisableToken = z.infer<typeof disableTokenSchema>;

export function describeTokenLife({ service, kinds }: TokenLife, circumstances: Circumstances): TokenState {
  const kindOf = (slotKind: SlotKind) => describeKind(slotKind, kinds[slotKind], circumstances);
  return {
    state: service.state,
    stateReason: service.state === 'active' ? null : service.reason,
    disabledBy: service.state === 'disabled' ? service.by : null,
    image: kindOf('image'),
    video: kindOf('video'),
  };
}

function describeKind(slotKind: SlotKind, kind: KindLife, circumstances: Circumstances): KindState {
  const { faults, cooling } = kind;
  const timeOf = (until: number | null | undefined) => (until == null ? null : new Date(until).toISOString());
  const state = standingOf(kind, circumstances);
  if (state === 'ready') return { state, until: null, reason: null, faults };
  if (state === 'cooling') return { state, until: timeOf(cooling?.until), reason: cooling?.reason ?? null, faults };
  const until = timeOf(exhaustionOf(kind, circumstances)?.until);
  return { state, until, reason: `no ${slotKind}s left at the upstream`, faults };
}
