import { AppError } from '@reelay/contracts/errors';
import type { StatisticsQuery, TokenStatistics } from '@reelay/contracts/statistics';
import { toStorableText } from '@reelay/contracts/storable-text';
import { slotLimitsOf } from '@reelay/db/assign/slot-limits';
import { readTokenStatistics } from '@reelay/db/statistics/read-token-statistics';
import type { GatewayParts } from '../gateway-parts.js';

/** @throws AppError `not_found` */
export async function readStatisticsOfToken(
  { database, settings }: Pick<GatewayParts, 'database' | 'settings'>,
  tokenId: string,
  { days }: StatisticsQuery,
): Promise<TokenStatistics> {
  if (toStorableText(tokenId) !== tokenId) throw new AppError('not_found', 'There is no account of this id.');
  const current = await settings.read();
  const unlimitedSlots = {
    image: slotLimitsOf(current, 'image').unlimitedSlots,
    video: slotLimitsOf(current, 'video').unlimitedSlots,
  };
  const timeZone = current['statistics.timeZone'];
  const statistics = await readTokenStatistics(database, { tokenId, days, timeZone, unlimitedSlots });
  if (!statistics) throw new AppError('not_found', `There is no account "${tokenId}", and there never was one.`);
  return statistics;
}
