/** Which tokens serve a lane, as conditions on `token` that assignment and the lanes' states share. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Lane } from '@reelay/contracts/lane';
import { Prisma } from '../generated/prisma/client.js';
import { inText } from '../planned-once.js';

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

/**
 * What the account is able to, whether or not it may work now. Unknown Sora 2 counts as able; an unknown plan is not pro. What the lane
 * does not ask for is not in the text, so that a plan made once fits.
 */
export function servesLane(lane: Lane, slotKind: SlotKind, targets: KnownTargets): Prisma.Sql {
  const { limit, enabled } = slotColumns[slotKind];
  return Prisma.sql`
    token.provider = ${inText(lane.provider)} AND ${ofTargets(targets.names)} AND token.hidden_at IS NULL
    AND ${enabled} AND ${limit} <> 0
    ${lane.plan === 'pro' ? Prisma.sql`AND token.plan = 'pro'` : Prisma.empty}
    ${lane.sora2 ? Prisma.sql`AND token.sora2 IS NOT FALSE` : Prisma.empty}
    ${lane.tokenId === undefined ? Prisma.empty : Prisma.sql`AND token.id = ${lane.tokenId}`}`;
}

function ofTargets(names: readonly string[]): Prisma.Sql {
  return names.length === 0 ? Prisma.sql`false` : Prisma.sql`token.target IN (${Prisma.join(names.map(inText))})`;
}

/** The limit in slots; −1 means as many as the setting says. */
export function capacity(slotKind: SlotKind, unlimitedSlots: number): Prisma.Sql {
  const { limit } = slotColumns[slotKind];
  return Prisma.sql`CASE WHEN ${limit} < 0 THEN ${inText(unlimitedSlots)} ELSE ${limit} END`;
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
  return kind === 'video' ? whereKnown(quotaMargin, uncounted) : noQuota;
}

/** The same where only what the slots do not allow anyway is of interest: NULL too where the quota is enough for all of them, without counting. */
export function quotaWithinSlots({ kind }: Lane, quotaMargin: number | undefined, slots: Prisma.Sql): Prisma.Sql {
  if (kind !== 'video') return noQuota;
  // Whatever is not in the number yet holds a slot, so with as much left as there are slots in all, it is enough for those that are free.
  const isEnough = Prisma.sql`token.remaining - ${inText(quotaMargin ?? 0)} >= ${slots}`;
  return whereKnown(quotaMargin ?? 0, Prisma.sql`CASE WHEN NOT (${isEnough}) THEN ${uncounted} END`);
}

const noQuota = Prisma.sql`NULL::integer`;

function whereKnown(quotaMargin: number, uncountedVideos: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    CASE WHEN token.remaining IS NOT NULL AND (token.resets_at IS NULL OR token.resets_at > now()) THEN
      token.remaining - ${inText(quotaMargin)} - ${uncountedVideos} END`;
}

/** Slot by slot, because an account has few, in the order of an index: a bitmap would go on reading the entries of all that came before. */
const uncounted = Prisma.sql`(
  SELECT count(*)::integer
  FROM (SELECT attempt_id FROM token_slot WHERE token_slot.token_id = token.id AND token_slot.kind = 'video' ORDER BY slot_no OFFSET 0) AS slot
    CROSS JOIN LATERAL (
      SELECT generation_id, state, takes_turn FROM submit_attempt
      WHERE id = slot.attempt_id AND state IN ('intent', 'sent', 'acked', 'unknown') OFFSET 0
    ) AS attempt
    CROSS JOIN LATERAL (
      SELECT FROM generation WHERE id = attempt.generation_id AND kind = 'video'
        AND NOT (attempt.state = 'acked' AND (attempt.takes_turn OR completed_at IS NOT NULL)) OFFSET 0
    ) AS generation)`;
