/** What became of a try: the log, the delivery's next step, and whether its endpoint still deserves any. */
import type { OperatorEventType } from '@reelay/contracts/operator-events';
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';

export interface AttemptOutcome {
  deliveryId: string;
  endpointId: string;
  n: number;
  isTaken: boolean;
  /** Null where there was no answer; then `error` says why. */
  statusCode: number | null;
  error: string | null;
  response: string | null;
  durationMs: number;
}

export interface RetryPolicy {
  /** Until the next try, had this one failed. */
  pauseMs: number;
  /** A round that would go on longer than this is over. */
  retryForMs: number;
  /** Age of nothing but failures at which the endpoint is disabled. */
  disableAfterMs: number;
}

export interface RecordedAttempt {
  /** Undefined when somebody else has taken the delivery over, or it is gone. */
  state: 'pending' | 'succeeded' | 'failed' | undefined;
  /** Whether this failure disabled the endpoint. */
  isDisabled: boolean;
}

/** Lock order: endpoint, then delivery. */
export async function recordAttempt(
  database: Database,
  outcome: AttemptOutcome,
  policy: RetryPolicy,
): Promise<RecordedAttempt> {
  return inTransaction(database, async (tx) => {
    const isDisabled = outcome.isTaken
      ? await noteSuccess(tx, outcome)
      : await noteFailure(tx, outcome, policy.disableAfterMs);
    const state = outcome.isTaken ? await succeed(tx, outcome) : await putOff(tx, outcome, policy);
    const { deliveryId, n, statusCode, durationMs, error, response } = outcome;
    await tx.$executeRaw`
      INSERT INTO webhook_attempt (delivery_id, n, status_code, duration_ms, error, response)
      SELECT id, ${n}, ${statusCode}, ${durationMs}, ${error}, ${response} FROM webhook_delivery WHERE id = ${deliveryId}
      ON CONFLICT DO NOTHING`;
    return { state, isDisabled };
  });
}

async function noteSuccess(tx: Transaction, { endpointId }: AttemptOutcome): Promise<false> {
  await tx.$executeRaw`
    UPDATE webhook_endpoint SET failing_since = NULL WHERE id = ${endpointId} AND failing_since IS NOT NULL`;
  return false;
}

/** The row of an endpoint that goes on failing is not written again and again. */
async function noteFailure(
  tx: Transaction,
  { endpointId, statusCode, error }: AttemptOutcome,
  disableAfterMs: number,
): Promise<boolean> {
  await tx.$executeRaw`
    UPDATE webhook_endpoint SET failing_since = now() WHERE id = ${endpointId} AND failing_since IS NULL`;
  await forgetSilence(tx, endpointId, disableAfterMs);
  const last = statusCode === null ? `The last one: ${error}` : `The last answer was ${statusCode}.`;
  const type: OperatorEventType = 'webhook.disabled';
  const noted = await tx.$executeRaw`
    WITH disabled AS (
      UPDATE webhook_endpoint SET disabled_at = now(), updated_at = now(),
        disabled_reason = 'Every try since ' || to_char(failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC failed. ' || ${last}::text
      WHERE id = ${endpointId} AND disabled_at IS NULL
        AND failing_since <= now() - ${disableAfterMs}::float8 * interval '1 millisecond'
      RETURNING id, name, owner_id, disabled_reason
    )
    INSERT INTO operator_event (type, subject, data)
    SELECT ${type}, id, jsonb_build_object('name', name, 'ownerId', owner_id, 'reason', disabled_reason) FROM disabled`;
  return noted === 1;
}

/** Twice the longest pause that is usual between two tries. */
const longSilenceMs = 8 * 3_600_000;

/**
 * Where nothing was tried for long, for no worker ran or nothing happened, the receiver did not fail all the time: half of it is still to
 * come. Looked at only when an endpoint is about to be disabled.
 */
async function forgetSilence(tx: Transaction, endpointId: string, disableAfterMs: number): Promise<void> {
  const silenceMs = Math.max(disableAfterMs / 2, longSilenceMs);
  await tx.$executeRaw`
    UPDATE webhook_endpoint SET failing_since = now() - ${disableAfterMs / 2}::float8 * interval '1 millisecond'
    WHERE id = ${endpointId} AND disabled_at IS NULL
      AND failing_since <= now() - ${disableAfterMs}::float8 * interval '1 millisecond'
      AND NOT EXISTS (
        SELECT FROM webhook_delivery AS delivery JOIN webhook_attempt AS attempt ON attempt.delivery_id = delivery.id
        WHERE delivery.endpoint_id = ${endpointId} AND attempt.created_at > now() - ${silenceMs}::float8 * interval '1 millisecond')`;
}

/** Taken is taken, also when the claim had run out and somebody is sending it again. */
async function succeed(tx: Transaction, { deliveryId }: AttemptOutcome): Promise<RecordedAttempt['state']> {
  const succeeded = await tx.$executeRaw`
    UPDATE webhook_delivery SET state = 'succeeded', ended_at = now(), claimed_until = NULL
    WHERE id = ${deliveryId} AND state = 'pending'`;
  return succeeded === 1 ? 'succeeded' : undefined;
}

async function putOff(
  tx: Transaction,
  { deliveryId, n }: AttemptOutcome,
  { pauseMs, retryForMs }: RetryPolicy,
): Promise<RecordedAttempt['state']> {
  const [row] = await tx.$queryRaw<{ state: 'pending' | 'failed' }[]>`
    UPDATE webhook_delivery SET
      state = CASE WHEN is_over THEN 'failed' ELSE 'pending' END,
      ended_at = CASE WHEN is_over THEN now() END,
      next_try_at = now() + ${pauseMs}::float8 * interval '1 millisecond',
      claimed_until = NULL
    FROM (
      SELECT now() + ${pauseMs}::float8 * interval '1 millisecond'
        > round_began_at + ${retryForMs}::float8 * interval '1 millisecond' AS is_over
      FROM webhook_delivery WHERE id = ${deliveryId}
    ) AS round
    WHERE id = ${deliveryId} AND tries = ${n} AND webhook_delivery.state = 'pending'
    RETURNING webhook_delivery.state`;
  return row?.state;
}
