import { z } from 'zod';
import { type Endpoint, endpoints } from './endpoints.js';
import { type FaultKind, faultKinds, faultRow, placesOf } from './fault-table.js';

export const faultRuleSchema = z
  .strictObject({
    kind: z.enum(faultKinds),
    endpoint: z.enum(endpoints).optional(),
    /** E-mail address; every account if not given. */
    account: z.string().optional(),
    /** Strikes so often, then no more; until it is deleted if not given. */
    count: z.number().int().min(1).optional(),
    probability: z.number().min(0).max(1).default(1),
    /** Of `slow` (default 2 s). */
    delayMs: z.number().int().min(0).max(600_000).default(2_000),
    /** Of `list_lag` (default 5 s): the lists show what was true so long ago. */
    lagMs: z.number().int().min(0).max(600_000).default(5_000),
    /** Of the two 429 kinds. */
    retryAfterSeconds: z.number().int().min(0).optional(),
    /** Of `error_as_string` and `error_null`. */
    status: z.number().int().min(400).max(599).default(400),
    /** Of `quota_exhausted`: clients take 1 for exhausted, too. */
    remaining: z.number().int().min(0).max(1).default(0),
    /** Of `quota_exhausted`. */
    resetsInSeconds: z.number().int().min(0).optional(),
    /** The words of `violation`, `image_failed`, `character_failed` and `error_as_string`. */
    reason: z.string().min(1).optional(),
  })
  .superRefine(({ kind, endpoint }, context) => {
    const places = placesOf(kind);
    if (endpoint === undefined || places.includes(endpoint)) return;
    const message = `a fault "${kind}" never strikes at "${endpoint}"; it can be put at ${places.join(', ')}`;
    context.addIssue({ code: 'custom', path: ['endpoint'], message });
  });

export type FaultRule = z.output<typeof faultRuleSchema>;

/** The endpoints that a rule is about. */
export function targets({ kind, endpoint }: { kind: FaultKind; endpoint?: Endpoint | undefined }): readonly Endpoint[] {
  return endpoint === undefined ? faultRow(kind).where : [endpoint];
}
