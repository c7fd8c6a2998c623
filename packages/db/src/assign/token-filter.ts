/** Which tokens serve a lane, as conditions on `token` that assignment and the lanes' states share. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import { Prisma } from '../generated/prisma/client.js';

/** The targets this process can reach, and which of them are simulated. */
export interface KnownTargets {
  names: readonly string[];
  simulated: readonly string[];
}

/** The columns of `token` that exist once per kind of slot. */
export const slotColumns = {
  image: {
    limit: Prisma.sql`token.image_limit`,
    used: Prisma.sql`token.image_used`,
    enabled: Prisma.sql`token.image_enabled`,
    coolingUntil: Prisma.sql`token.image_cooling_until`,
  },
  video: {
    limit: Prisma.sql`token.video_limit`,
    used: Prisma.sql`token.video_used`,
    enabled: Prisma.sql`token.video_enabled`,
    coolingUntil: Prisma.sql`token.video_cooling_until`,
  },
} as const satisfies Record<SlotKind, unknown>;

/** What the account is able to, whether or not it may work now. Unknown Sora 2 counts as able; an unknown plan is not pro. */
export function servesLane(lane: Lane, slotKind: SlotKind, targets: KnownTargets): Prisma.Sql {
  const { limit, enabled } = slotColumns[slotKind];
  return Prisma.sql`
    token.provider = ${lane.provider} AND token.target = ANY(${[...targets.names]}::text[]) AND token.hidden_at IS NULL
    AND ${enabled} AND ${limit} <> 0
    AND (${lane.plan} = 'any' OR token.plan = 'pro')
    AND (NOT ${lane.sora2} OR token.sora2 IS NOT FALSE)
    AND (${lane.tokenId ?? null}::text IS NULL OR token.id = ${lane.tokenId ?? null})`;
}

/** The limit in slots; −1 means as many as the setting says. */
export function capacity(slotKind: SlotKind, unlimitedSlots: number): Prisma.Sql {
  const { limit } = slotColumns[slotKind];
  return Prisma.sql`CASE WHEN ${limit} < 0 THEN ${unlimitedSlots}::integer ELSE ${limit} END`;
}

/** Open attempts that hold no slot, per token; to be joined. */
export const usedSlotless = Prisma.sql`
  SELECT token_id, count(*)::integer AS slots FROM submit_attempt
  WHERE slotless AND state IN ('intent', 'sent', 'acked', 'unknown') GROUP BY token_id`;

/** What work that holds no slot is judged by: it belongs to the making of videos. */
export const slotlessKind: SlotKind = 'video';

/**
 * What the account may still start: the quota it last named, less the videos that are not in that number yet, also those that are only
 * on a step on the way to it. NULL where it is unknown or does not apply: it counts videos (a character holds a video slot, but is none),
 * and after `resets_at` it says nothing. `exhaustionOf` in contracts says the same of an account with nothing open.
 */
export function quotaLeft({ kind }: Lane, quotaMargin = 0): Prisma.Sql {
  if (kind !== 'video') return Prisma.sql`NULL::integer`;
  return Prisma.sql`
    CASE WHEN token.remaining IS NOT NULL AND (token.resets_at IS NULL OR token.resets_at > now()) THEN
      token.remaining - ${quotaMargin}::integer - (
        SELECT count(*)::integer FROM submit_attempt JOIN generation ON generation.id = submit_attempt.generation_id
        WHERE submit_attempt.token_id = token.id AND generation.kind = 'video'
          AND submit_attempt.state IN ('intent', 'sent', 'acked', 'unknown')
          AND NOT (submit_attempt.state = 'acked' AND (takes_turn OR generation.completed_at IS NOT NULL))
      ) END`;
}
