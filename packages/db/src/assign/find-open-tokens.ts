/** Which of some tokens could be given work at all now: one question in place of one per lane that is pinned to a token. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Queryable } from '../client.js';
import { slotColumns } from './token-filter.js';
import { hasFreeSlot } from './token-order.js';

export type OpenToken = { id: string } & Record<SlotKind, boolean>;

/** Says yes rather too often: what a lane needs, and what is left of a quota, is looked at when its slots are asked for. */
export async function findOpenTokens(database: Queryable, ids: readonly string[]): Promise<OpenToken[]> {
  const { image, video } = slotColumns;
  return database.$queryRaw<OpenToken[]>`
    SELECT id, (${hasFreeSlot.image} AND (${image.coolingUntil} IS NULL OR ${image.coolingUntil} <= now())) AS image,
      (${hasFreeSlot.video} AND (${video.coolingUntil} IS NULL OR ${video.coolingUntil} <= now())) AS video
    FROM token WHERE id = ANY(${[...ids]}::text[])`;
}
