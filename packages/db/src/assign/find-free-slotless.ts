/** Where work that holds no slot (prompt enhancement) may be begun, in the order in which it should be. */
import type { Lane } from '@reelay/contracts/lane';
import type { Queryable } from '../client.js';
import { cutOffUntil } from '../proxies/proxy-circuit.js';
import type { FreeSlot } from './find-free-slots.js';
import { type KnownTargets, servesLane, slotColumns, slotlessKind, usedSlotless } from './token-filter.js';

export interface FindFreeSlotless {
  lane: Lane;
  targets: KnownTargets;
  /** Open attempts without a slot that a token may have. */
  perToken: number;
  limit: number;
}

/**
 * At most `limit` places; those of a token are numbered as slots are, though nothing holds the number. The token with the fewest open ones
 * first, then who was given work the longest ago. Neither quota nor an unknown submit stands in the way: nothing is rendered.
 */
export async function findFreeSlotless(database: Queryable, find: FindFreeSlotless): Promise<FreeSlot[]> {
  const { lane, targets, perToken, limit } = find;
  return database.$queryRaw<FreeSlot[]>`
    SELECT token.id AS "tokenId", token.xmin::text AS version, place.no AS "slotNo"
    FROM token LEFT JOIN (${usedSlotless}) AS used ON used.token_id = token.id
      CROSS JOIN LATERAL generate_series(coalesce(used.slots, 0), least(${perToken}, coalesce(used.slots, 0) + ${limit}) - 1) AS place (no)
    WHERE ${servesLane(lane, slotlessKind, targets)} AND token.state = 'active'
      AND ${cutOffUntil} IS NULL AND coalesce(${slotColumns[slotlessKind].coolingUntil} <= now(), true)
    ORDER BY place.no, last_assigned_at NULLS FIRST, token.id LIMIT ${limit}`;
}
