/**
 * Tells an operator when a lane that was served can begin nothing any more, and when it can again. The row in `pool_watch` changes in the
 * statement that writes the event and only if it said something else, so that each is told once, however many look.
 */
import { type Lane, laneKey } from '@reelay/contracts/lane';
import type { OperatorEventType, PoolExhausted } from '@reelay/contracts/operator-events';
import { type KnownTargets, servesLane, slotlessKind } from '../assign/token-filter.js';
import type { Database, Queryable } from '../client.js';
import { describeLane } from '../lanes/describe-lane.js';
import { type LaneSurvey, type SurveyLane, surveyLane } from '../lanes/survey-lane.js';
import { inTransaction } from '../transaction.js';

/**
 * What was written, if anything. A lane that nobody ever served is no news. One look at a time: what was seen before another look must not
 * be written after it.
 */
export async function watchLane(
  database: Database,
  survey: SurveyLane,
): Promise<'pool.exhausted' | 'pool.recovered' | undefined> {
  const key = laneKey(survey.lane);
  return inTransaction(database, async (tx) => {
    const [{ isAlone }] = await tx.$queryRaw<[{ isAlone: boolean }]>`
      SELECT pg_try_advisory_xact_lock(hashtext('pool_watch'), hashtext(${key})) AS "isAlone"`;
    if (!isAlone) return undefined;
    const found = await surveyLane(tx, survey);
    const isServed = found.tokens > found.needAttention + found.resting + found.exhausted;
    if (isServed) {
      await tx.$executeRaw`INSERT INTO pool_watch (lane) VALUES (${key}) ON CONFLICT (lane) DO NOTHING`;
      return (await recover(tx, key, survey.lane)) ? 'pool.recovered' : undefined;
    }
    const disabled = await countDisabled(tx, survey);
    return (await exhaust(tx, key, describe(survey.lane, found, disabled))) ? 'pool.exhausted' : undefined;
  });
}

function describe(lane: Lane, found: LaneSurvey, disabled: number): PoolExhausted {
  const { tokenId: _tokenId, ...capability } = lane;
  const { tokens, resting, exhausted, needAttention, recoversAt } = found;
  const isAllDisabled = tokens === 0 && disabled > 0;
  return {
    ...capability,
    reason: isAllDisabled ? 'every account is disabled' : (describeLane(lane, found) ?? 'no account works'),
    accounts: tokens + disabled,
    ...{ cooling: resting, exhausted, needAttention, disabled },
    recoversAt: recoversAt?.toISOString() ?? null,
  };
}

async function countDisabled(
  database: Queryable,
  { lane, slotKind, targets }: { lane: Lane; slotKind: SurveyLane['slotKind']; targets: KnownTargets },
): Promise<number> {
  const [{ count }] = await database.$queryRaw<[{ count: number }]>`
    SELECT count(*)::integer AS count FROM token
    WHERE ${servesLane(lane, slotKind ?? slotlessKind, targets)} AND token.state = 'disabled'`;
  return count;
}

async function exhaust(database: Queryable, key: string, data: PoolExhausted): Promise<boolean> {
  const written = await database.$executeRaw`
    WITH changed AS (
      UPDATE pool_watch SET is_exhausted = true, since = clock_timestamp() WHERE lane = ${key} AND NOT is_exhausted RETURNING lane
    )
    INSERT INTO operator_event (type, subject, data)
    SELECT ${'pool.exhausted' satisfies OperatorEventType}, lane, ${JSON.stringify(data)}::jsonb FROM changed`;
  return written === 1;
}

async function recover(database: Queryable, key: string, lane: Lane): Promise<boolean> {
  const { tokenId: _tokenId, ...capability } = lane;
  const written = await database.$executeRaw`
    WITH past AS (
      SELECT lane, since FROM pool_watch WHERE lane = ${key} AND is_exhausted FOR UPDATE
    ), changed AS (
      UPDATE pool_watch SET is_exhausted = false, since = clock_timestamp() FROM past WHERE pool_watch.lane = past.lane
      RETURNING past.lane, past.since
    )
    INSERT INTO operator_event (type, subject, data)
    SELECT ${'pool.recovered' satisfies OperatorEventType}, lane,
      ${JSON.stringify(capability)}::jsonb
        || jsonb_build_object('exhaustedForMs', round(extract(epoch FROM clock_timestamp() - since) * 1000))
    FROM changed`;
  return written === 1;
}
