/** The log of an endpoint: what was sent and what came of it. Also sends something once more, and forgets what is old. */
import type { WebhookDeliveryQuery, WebhookDeliveryState } from '@reelay/contracts/webhooks';
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface LoggedDelivery {
  id: string;
  endpointId: string;
  eventId: string;
  eventType: string;
  data: { id: string };
  state: WebhookDeliveryState;
  tries: number;
  nextTryAt: Date;
  createdAt: Date;
  endedAt: Date | null;
  /** The newest first. */
  attempts: LoggedAttempt[];
}

export interface LoggedAttempt {
  n: number;
  /** Unix seconds. */
  createdAt: number;
  statusCode: number | null;
  durationMs: number;
  error: string | null;
  response: string | null;
}

const shownAttempts = 10;

const selectDeliveries = Prisma.sql`
  SELECT id, endpoint_id AS "endpointId", event_id AS "eventId", event_type AS "eventType", data, state, tries,
    next_try_at AS "nextTryAt", created_at AS "createdAt", ended_at AS "endedAt", coalesce((
      SELECT jsonb_agg(jsonb_build_object('n', n, 'createdAt', floor(extract(epoch FROM shown.created_at)), 'statusCode', status_code,
        'durationMs', duration_ms, 'error', error, 'response', response) ORDER BY n DESC)
      FROM (SELECT * FROM webhook_attempt WHERE delivery_id = delivery.id ORDER BY n DESC LIMIT ${shownAttempts}) AS shown
    ), '[]') AS attempts
  FROM webhook_delivery AS delivery`;

export async function findDelivery(
  database: Queryable,
  { endpointId, id }: { endpointId: string; id: string },
): Promise<LoggedDelivery | undefined> {
  const [row] = await database.$queryRaw<LoggedDelivery[]>`
    ${selectDeliveries} WHERE id = ${id} AND endpoint_id = ${endpointId}`;
  return row;
}

/** Written out, so that every plan may use the index of those that failed. */
const inState: Record<WebhookDeliveryState, Prisma.Sql> = {
  pending: Prisma.sql`AND state = 'pending'`,
  succeeded: Prisma.sql`AND state = 'succeeded'`,
  failed: Prisma.sql`AND state = 'failed'`,
};

/** One more than asked for where there are more. Undefined when `after` is none of this endpoint's. */
export async function listDeliveries(
  database: Queryable,
  endpointId: string,
  { after, limit, order, status }: WebhookDeliveryQuery,
): Promise<LoggedDelivery[] | undefined> {
  if (after !== undefined && !(await findDelivery(database, { endpointId, id: after }))) return undefined;
  const isAscending = order === 'asc';
  const behind = Prisma.sql`AND (created_at, id) ${isAscending ? Prisma.sql`>` : Prisma.sql`<`} (
    SELECT created_at, id FROM webhook_delivery WHERE id = ${after})`;
  const direction = isAscending ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  return database.$queryRaw<LoggedDelivery[]>`
    ${selectDeliveries}
    WHERE endpoint_id = ${endpointId}
      ${status === undefined ? Prisma.empty : inState[status]}
      ${after === undefined ? Prisma.empty : behind}
    ORDER BY created_at ${direction}, id ${direction} LIMIT ${limit + 1}`;
}

/**
 * Sends it again, under the same id: at once, and from the start of the pauses. One that still waits is only brought forward. False when
 * there is none.
 */
export async function replayDelivery(
  database: Database,
  { endpointId, id }: { endpointId: string; id: string },
): Promise<boolean> {
  const replayed = await database.$executeRaw`
    UPDATE webhook_delivery SET state = 'pending', ended_at = NULL, next_try_at = now(), round_began_at = now(), tries_before = tries
    WHERE id = ${id} AND endpoint_id = ${endpointId}`;
  return replayed === 1;
}

const portion = 2_000;

/** With what is left of endpoints that were deleted. In portions, so that no statement runs long. True when there is more to delete. */
export async function deleteOldDeliveries(database: Database, keptDays: number): Promise<boolean> {
  const old = await database.$executeRaw`
    DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
      SELECT id FROM webhook_delivery WHERE created_at < now() - ${keptDays} * interval '1 day'
      ORDER BY created_at LIMIT ${portion}))`;
  return (await deleteOrphans(database)) === portion || old === portion;
}

/** Goes from one endpoint to the next in the index: there are few of them, and very many deliveries. */
async function deleteOrphans(database: Database): Promise<number> {
  return database.$executeRaw`
    WITH RECURSIVE named AS (
      (SELECT endpoint_id FROM webhook_delivery ORDER BY endpoint_id LIMIT 1)
      UNION ALL
      SELECT (SELECT endpoint_id FROM webhook_delivery WHERE endpoint_id > named.endpoint_id ORDER BY endpoint_id LIMIT 1)
      FROM named WHERE named.endpoint_id IS NOT NULL
    ), gone AS (
      SELECT endpoint_id FROM named
      WHERE endpoint_id IS NOT NULL AND NOT EXISTS (SELECT FROM webhook_endpoint WHERE id = named.endpoint_id)
    )
    DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
      SELECT delivery.id FROM gone CROSS JOIN LATERAL (
        SELECT id FROM webhook_delivery WHERE endpoint_id = gone.endpoint_id LIMIT ${portion}
      ) AS delivery LIMIT ${portion}))`;
}
