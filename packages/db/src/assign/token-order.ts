/**
 * In which order tokens with a free slot are taken. It is that of an index whose expressions and conditions are these, word for
 * word (migration 20261122165000_assign_order): however large the pool is, only as many tokens are read as are needed.
 */
import type { SlotKind } from '@reelay/contracts/domain';
import type { AssignStrategy } from '@reelay/contracts/settings';
import { Prisma } from '../generated/prisma/client.js';

/** Least capable first: what only the others can do is kept for those who need it. From 2 on the plan is pro. */
export const capability = Prisma.sql`((coalesce(plan, '') = 'pro')::integer * 2 + (sora2 IS NOT FALSE)::integer)`;

/** In service and with a free slot by its own limit; that of an account without one is a setting, which no index knows. */
export const hasFreeSlot = {
  image: Prisma.sql`
    state = 'active' AND hidden_at IS NULL AND image_enabled AND (image_limit < 0 OR image_used < image_limit)`,
  video: Prisma.sql`
    state = 'active' AND hidden_at IS NULL AND video_enabled AND (video_limit < 0 OR video_used < video_limit)`,
} as const satisfies Record<SlotKind, Prisma.Sql>;

export interface TokenOrder {
  /** By which tokens are found, after their capability. */
  ofTokens: Prisma.Sql;
  /** So many times the tokens needed are found, and drawn from. */
  drawnFrom: number;
  /** Of slots, after capability: the `nth` free one of a token counts as if those before it were taken already. */
  ofSlots: Prisma.Sql;
}

/** Who was given work the longest ago comes first among equals, whatever the strategy. */
const idlest = Prisma.sql`last_assigned_at NULLS FIRST, id`;

/** In the terms of `findFreeSlots`: columns of `token`, and `used`, `capacity`, `quota`, `nth` of what it found. */
export function tokenOrder(strategy: AssignStrategy, slotKind: SlotKind): TokenOrder {
  const ofTokens = Prisma.sql`${rank[slotKind]} NULLS FIRST, ${idlest}`;
  switch (strategy) {
    case 'least-loaded':
      return { ofTokens, drawnFrom: 1, ofSlots: Prisma.sql`(used + nth)::real / capacity, ${idlest}` };
    case 'weighted':
      return { ofTokens, drawnFrom: 1, ofSlots: Prisma.sql`(used + nth)::real / weight, ${idlest}` };
    case 'round-robin':
      return { ofTokens, drawnFrom: 1, ofSlots: Prisma.sql`nth, ${idlest}` };
    case 'random':
      return { ofTokens, drawnFrom: 8, ofSlots: Prisma.sql`random()` };
    case 'most-remaining-quota':
      // Images have none to compare. An unknown one has just begun anew, or never was short.
      if (slotKind === 'image') return tokenOrder('least-loaded', slotKind);
      return { ofTokens, drawnFrom: 1, ofSlots: Prisma.sql`quota - nth DESC, ${idlest}` };
  }
}

const load = {
  image: Prisma.sql`image_used::real / (CASE WHEN image_limit < 0 THEN 1000 ELSE greatest(image_limit, 1) END)`,
  video: Prisma.sql`video_used::real / (CASE WHEN video_limit < 0 THEN 1000 ELSE greatest(video_limit, 1) END)`,
} as const satisfies Record<SlotKind, Prisma.Sql>;

/**
 * What accounts of one capability are kept in order by. Which strategy that is each row says itself (the database writes it there when the
 * setting changes), so that one index serves whichever is in use.
 */
const rank = {
  image: Prisma.sql`(CASE ordered_by WHEN 'least-loaded' THEN ${load.image} WHEN 'weighted' THEN image_used::real / weight WHEN 'most-remaining-quota' THEN ${load.image} ELSE 0 END)`,
  video: Prisma.sql`(CASE ordered_by WHEN 'least-loaded' THEN ${load.video} WHEN 'weighted' THEN video_used::real / weight WHEN 'most-remaining-quota' THEN -remaining::real ELSE 0 END)`,
} as const satisfies Record<SlotKind, Prisma.Sql>;
