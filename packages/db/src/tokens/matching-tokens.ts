/** Which accounts a filter means, as a condition on `token`: the list and the batches share it, so both mean the same ones. */
import { type SlotKind, slotKinds } from '@reelay/contracts/domain';
import type { TokenFilter, TokenFilterState } from '@reelay/contracts/token-list';
import { slotColumns } from '../assign/token-filter.js';
import { Prisma } from '../generated/prisma/client.js';

export interface Matching {
  /** The setting `token.quotaMargin`. */
  quotaMargin: number;
}

export function matchingTokens(filter: TokenFilter, matching: Matching): Prisma.Sql {
  const { provider, target, state, kind, plan, sora2, expiresBefore, q } = filter;
  const conditions = [
    Prisma.sql`token.hidden_at IS NULL`,
    ...(provider === undefined ? [] : [Prisma.sql`token.provider = ${provider}`]),
    ...(target === undefined ? [] : [Prisma.sql`token.target = ${target}`]),
    ...(state === undefined ? [] : [inState(state, kind, matching)]),
    ...(kind === undefined ? [] : [slotColumns[kind].enabled]),
    ...(plan === undefined ? [] : [Prisma.sql`token.plan = ${plan}`]),
    ...(sora2 === undefined ? [] : [Prisma.sql`token.sora2 = ${sora2}::boolean`]),
    ...(expiresBefore === undefined ? [] : [Prisma.sql`token.expires_at < ${new Date(expiresBefore)}::timestamptz`]),
    ...(q === undefined ? [] : [contains(q)]),
  ];
  return Prisma.join(conditions, ' AND ');
}

/** What `describeTokenLife` in contracts shows as a kind's state: of two rests, the one that lasts longer. */
export const restsBy = {
  cooling: (slotKind: SlotKind, matching: Matching) => Prisma.sql`
    (${isCooling(slotKind)} AND NOT ${isExhausted(slotKind, matching)})`,
  exhausted: isExhausted,
};

function inState(state: TokenFilterState, kind: SlotKind | undefined, matching: Matching): Prisma.Sql {
  // Written out, not a parameter: the index of those out of service is found by the constant.
  if (state === 'active') return Prisma.sql`token.state = 'active'`;
  if (state === 'needs_attention') return Prisma.sql`token.state = 'needs_attention'`;
  if (state === 'disabled') return Prisma.sql`token.state = 'disabled'`;
  const kinds = kind === undefined ? slotKinds : [kind];
  const resting = kinds.map((slotKind) => restsBy[state](slotKind, matching));
  return Prisma.sql`token.state = 'active' AND (${Prisma.join(resting, ' OR ')})`;
}

function isCooling(slotKind: SlotKind): Prisma.Sql {
  return Prisma.sql`coalesce(${slotColumns[slotKind].coolingUntil} > now(), false)`;
}

/** The quota counts videos. */
function isExhausted(slotKind: SlotKind, { quotaMargin }: Matching): Prisma.Sql {
  if (slotKind !== 'video') return Prisma.sql`false`;
  const { coolingUntil } = slotColumns[slotKind];
  return Prisma.sql`
    (coalesce(token.remaining <= ${quotaMargin}::integer, false) AND coalesce(token.resets_at, 'infinity') > now()
      AND (NOT ${isCooling(slotKind)} OR coalesce(token.resets_at, 'infinity') > ${coolingUntil}))`;
}

/** No pattern: every character stands for itself. */
function contains(text: string): Prisma.Sql {
  return Prisma.sql`
    (position(lower(${text}) IN lower(token.label)) > 0 OR position(lower(${text}) IN lower(token.identity)) > 0)`;
}
