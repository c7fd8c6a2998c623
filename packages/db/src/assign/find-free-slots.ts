/** Free slots of a lane's tokens in the order in which they should be taken. Assignment begins here: no free slot, no work. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import type { Queryable } from '../client.js';
import { capacity, type KnownTargets, quotaLeft, servesLane, slotColumns, usedSlots } from './token-filter.js';

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
  limit: number;
}

/**
 * At most `limit` slots: least capable tokens first (what only they can do is kept for those who need it), then the least loaded,
 * then who was given work the longest ago. A token's second slot counts as if the first were taken already.
 */
export async function findFreeSlots(database: Queryable, find: FindFreeSlots): Promise<FreeSlot[]> {
  const { lane, slotKind, targets, unlimitedSlots, limit } = find;
  return database.$queryRaw<FreeSlot[]>`
    WITH able AS (
      SELECT token.id, token.xmin::text AS version, token.last_assigned_at,
        (coalesce(token.plan, '') = 'pro')::integer * 2 + (token.sora2 IS NOT FALSE)::integer AS capability,
        coalesce(used.slots, 0) AS used, ${capacity(slotKind, unlimitedSlots)} AS capacity, ${quotaLeft(lane)} AS quota
      FROM token LEFT JOIN (${usedSlots(slotKind)}) AS used ON used.token_id = token.id
      WHERE ${servesLane(lane, slotKind, targets)} AND token.state = 'active'
        AND coalesce(${slotColumns[slotKind].coolingUntil} <= now(), true)
        -- Until its unknown submit is resolved nothing can be sent there; rows would only wait with a slot in hand.
        AND NOT EXISTS (SELECT FROM submit_attempt WHERE token_id = token.id AND takes_turn AND state = 'unknown')
    ), chosen AS (
      SELECT *, least(capacity - used, quota) AS free FROM able
      WHERE capacity > used AND coalesce(quota > 0, true)
      ORDER BY capability, used::real / capacity, last_assigned_at NULLS FIRST, id LIMIT ${limit}
    )
    SELECT chosen.id AS "tokenId", chosen.version, slot.no AS "slotNo"
    FROM chosen CROSS JOIN LATERAL (
      SELECT no, row_number() OVER (ORDER BY no) AS nth
      FROM generate_series(0, least(chosen.capacity, chosen.used + ${limit}) - 1) AS no
      WHERE NOT EXISTS (
        SELECT FROM token_slot WHERE token_slot.token_id = chosen.id AND token_slot.kind = ${slotKind} AND token_slot.slot_no = no)
      ORDER BY no LIMIT least(chosen.free, ${limit})
    ) AS slot
    ORDER BY capability, (used + nth)::real / capacity, last_assigned_at NULLS FIRST, chosen.id, slot.no
    LIMIT ${limit}`;
}
