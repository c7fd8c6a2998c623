/** Rounds that keep the statistics and the operator's events; each is claimed, so that one replica does it. */
import { slotKindOf } from '@reelay/contracts/domain';
import { type Lane, laneKey } from '@reelay/contracts/lane';
import { laneOfModel, models } from '@reelay/contracts/models';
import { slotLimitsOf } from '@reelay/db/assign/slot-limits';
import { deleteOldOperatorEvents } from '@reelay/db/operator-events/list-operator-events';
import { watchLane } from '@reelay/db/operator-events/watch-lane';
import { deleteOldSamples, samplePool } from '@reelay/db/statistics/sample-pool';
import { bookingPortion, sumUpBookings } from '@reelay/db/statistics/sum-up-bookings';
import { knownTargets, type TokenManagerParts } from '../token-manager-parts.js';

type Parts = Pick<TokenManagerParts, 'database' | 'settings' | 'targets' | 'log'>;

/** Bookings of whatever happened since the last round. */
export async function sumUp({ database, settings }: Parts, signal: AbortSignal): Promise<void> {
  const timeZone = (await settings.read())['statistics.timeZone'];
  // What comes meanwhile is for the next round.
  while (!signal.aborted && (await sumUpBookings(database, timeZone)) === bookingPortion);
}

export async function sample({ database, settings, targets }: Parts): Promise<void> {
  const current = await settings.read();
  await samplePool(database, {
    limits: { image: slotLimitsOf(current, 'image'), video: slotLimitsOf(current, 'video') },
    targets: knownTargets(targets).names,
    everyMs: current['statistics.sampleMs'],
  });
}

/** Everything that could be asked for. */
const lanes = new Map<string, Lane>(models.map((model) => [laneKey(laneOfModel(model)), laneOfModel(model)]));

export async function watchPool({ database, settings, targets, log }: Parts): Promise<void> {
  const current = await settings.read();
  for (const [key, lane] of lanes) {
    const slotKind = slotKindOf(lane.kind);
    const limits = slotLimitsOf(current, slotKind);
    const news = await watchLane(database, { lane, slotKind, targets: knownTargets(targets), ...limits });
    if (news === 'pool.exhausted') log.warn({ lane: key }, 'no account of a lane can begin anything');
    if (news === 'pool.recovered') log.info({ lane: key }, 'accounts of a lane work again');
  }
}

export async function deleteOldStatistics({ database, settings }: Parts, signal: AbortSignal): Promise<void> {
  const current = await settings.read();
  while (!signal.aborted && (await deleteOldSamples(database, current['statistics.sampleDays'])));
  while (!signal.aborted && (await deleteOldOperatorEvents(database, current['operator.eventDays'])));
}
