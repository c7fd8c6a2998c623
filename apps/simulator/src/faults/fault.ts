import { z } from 'zod';

/** The endpoints at which faults can be set, by short names. */
export const endpoints = [
  'me',
  'subscriptions',
  'invite',
  'bootstrap',
  'check',
  'username_check',
  'username_set',
  'session',
  'oauth',
  'sentinel',
  'create',
  'pending',
  'drafts',
  'media',
] as const;
export type Endpoint = (typeof endpoints)[number];

/** When in the life of a request a fault strikes. */
export type Stage = 'delay' | 'answer' | 'reply' | 'outcome' | 'list';

const everywhere = endpoints;

/** Every kind of fault: when it strikes and, unless a rule says otherwise, where. */
export const faultKinds = {
  slow: { stage: 'delay', at: everywhere },
  overload: { stage: 'answer', at: everywhere },
  token_invalidated: { stage: 'answer', at: everywhere },
  unauthorized: { stage: 'answer', at: everywhere },
  rate_limited: { stage: 'answer', at: everywhere },
  cloudflare_403: { stage: 'answer', at: everywhere },
  cloudflare_429: { stage: 'answer', at: everywhere },
  country_block: { stage: 'answer', at: everywhere },
  server_error: { stage: 'answer', at: everywhere },
  empty_200: { stage: 'answer', at: everywhere },
  not_json_200: { stage: 'answer', at: everywhere },
  reset: { stage: 'answer', at: everywhere },
  reply_lost: { stage: 'reply', at: ['create'] },
  reply_hangs: { stage: 'reply', at: ['create'] },
  violation: { stage: 'outcome', at: ['create'] },
  missing_urls: { stage: 'outcome', at: ['create'] },
  vanishing: { stage: 'outcome', at: ['create'] },
  unlisted: { stage: 'outcome', at: ['create'] },
  list_lag: { stage: 'list', at: ['pending', 'drafts'] },
} as const satisfies Record<string, { stage: Stage; at: readonly Endpoint[] }>;

export type FaultKind = keyof typeof faultKinds;
export type KindOf<Wanted extends Stage> = {
  [Kind in FaultKind]: (typeof faultKinds)[Kind]['stage'] extends Wanted ? Kind : never;
}[FaultKind];

const kindNames = Object.keys(faultKinds) as [FaultKind, ...FaultKind[]];

export const faultRuleSchema = z
  .strictObject({
    kind: z.enum(kindNames),
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
    /** Of `violation`. */
    reason: z.string().min(1).optional(),
  })
  .refine(({ kind, endpoint }) => endpoint === undefined || isPossibleAt(kind, endpoint), {
    path: ['endpoint'],
    message: 'this kind of fault cannot happen there',
  });

export type FaultRule = z.output<typeof faultRuleSchema>;

/** Replies can be lost anywhere; outcomes and lists belong to their endpoints. */
function isPossibleAt(kind: FaultKind, endpoint: Endpoint): boolean {
  const { stage, at }: { stage: Stage; at: readonly Endpoint[] } = faultKinds[kind];
  return stage === 'reply' || at.includes(endpoint);
}
