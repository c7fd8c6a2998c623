/** Free slots of a lane's tokens in the order in which they should be taken. Assignment begins here: no free slot, no work. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import type { AssignStrategy } from '@reelay/contracts/settings';
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { inText, plannedOnce } from '../planned-once.js';
import { cutOffUntil } from '../proxies/proxy-circuit.js';
import { capacity, type KnownTargets, quotaLeft, quotaWithinSlots, servesLane, slotColumns } from './token-filter.js';
import { capability, hasFreeSlot, tokenOrder } from './token-order.js';

export interface FreeSlot {
  tokenId: string;
  slotNo: number;
  /** Changes with every change of the token's row; a slot is only taken while it is still this. */
  version: string;
}

export interface FindFreeSlots {
  lane: Lane;
  slotKind: SlotKind;
  targets: KnownTargets;
  unlimitedSlots: number;
  quotaMargin?: number | undefined;
  strategy: AssignStrategy;
  limit: number;
}

/**
 * At most `limit` slots: least capable tokens first (what only they can do is kept for those who need it), then as the strategy says.
 * A token's second slot counts as if the first were taken already.
 */
export async function findFreeSlots(database: Queryable, find: FindFreeSlots): Promise<FreeSlot[]> {
  return queryDriver<FreeSlot>(database, freeSlotsQuery(find));
}

/** Exported for the test that looks at its plan. */
export function freeSlotsQuery(find: FindFreeSlots): Prisma.Sql {
  const { lane, slotKind, targets, unlimitedSlots, quotaMargin, strategy } = find;
  const { ofTokens, drawnFrom, ofSlots } = tokenOrder(strategy, slotKind);
  const { limit: limitOf, used, coolingUntil } = slotColumns[slotKind];
  const limit = inText(find.limit);
  const slots = capacity(slotKind, unlimitedSlots);
  // The order of that strategy is by the number itself.
  const quota =
    strategy === 'most-remaining-quota' ? quotaLeft(lane, quotaMargin) : quotaWithinSlots(lane, quotaMargin, slots);
  return Prisma.sql`${plannedOnce}
    WITH chosen AS MATERIALIZED (
      SELECT token.id, token.xmin::text AS version, last_assigned_at, weight, ${capability} AS capability, ${used} AS used,
        ${slots} AS capacity, quota.left AS quota
      FROM token CROSS JOIN LATERAL (SELECT ${quota} AS left OFFSET 0) AS quota
      -- Conditions whose share of the pool Postgres can estimate: thinking that few fulfil them, it would read and sort all.
      WHERE ${hasFreeSlot[slotKind]} AND ${fromCapability(lane)} AND ${servesLane({ ...lane, plan: 'any' }, slotKind, targets)}
        AND (${limitOf} >= 0 OR ${used} < ${inText(unlimitedSlots)}) AND (${coolingUntil} IS NULL OR ${coolingUntil} <= now())
        AND NOT coalesce(${cutOffUntil} IS NOT NULL, false)
        AND (token.remaining IS NULL OR coalesce(quota.left > 0, true))
        -- Until its unknown submit is resolved nothing can be sent there; rows would only wait with a slot in hand. Asked token by
        -- token: joined, the order of the index would be lost.
        AND NOT coalesce((SELECT true FROM submit_attempt WHERE token_id = token.id AND takes_turn AND state = 'unknown' LIMIT 1), false)
      ORDER BY ${capability}, ${ofTokens} LIMIT ${inText(find.limit * drawnFrom)}
    ), drawn AS (
      SELECT *, least(capacity - used, quota) AS free FROM chosen ${drawnFrom > 1 ? draw(limit) : Prisma.empty}
    )
    SELECT drawn.id AS "tokenId", drawn.version, slot.no AS "slotNo"
    FROM drawn CROSS JOIN LATERAL (
      SELECT no, row_number() OVER (ORDER BY no) AS nth
      FROM generate_series(0, least(drawn.capacity, drawn.used + ${limit}) - 1) AS no
      WHERE no <> ALL (ARRAY(
        SELECT slot_no FROM token_slot WHERE token_slot.token_id = drawn.id AND token_slot.kind = ${inText(slotKind)}))
      ORDER BY no LIMIT least(drawn.free, ${limit})
    ) AS slot
    ORDER BY capability, ${ofSlots}, slot.no
    LIMIT ${limit}`;
}

/** The part of the index where the accounts with plan pro are. Said twice, Postgres would think that few are in both. */
function fromCapability({ plan }: Lane): Prisma.Sql {
  return plan === 'pro' ? Prisma.sql`${capability} >= 2` : Prisma.sql`true`;
}

function draw(limit: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`ORDER BY capability, random() LIMIT ${limit}`;
}
