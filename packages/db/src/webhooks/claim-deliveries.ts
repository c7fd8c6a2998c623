/** Which endpoints have something due, and the claim that keeps two workers from sending the same at once. */
import type { WebhookEvent } from '@reelay/contracts/webhooks';
import type { Database } from '../client.js';

export interface DeliveryTarget {
  id: string;
  url: string;
  secretSealed: string;
  /** The one before, while it is still to be signed with. */
  oldSecretSealed: string | null;
}

export interface ClaimedDelivery {
  id: string;
  /** Of this try; by it an outcome is told from that of a later one. */
  n: number;
  /** The how many-th of this round it is, from 1. */
  tryOfRound: number;
  event: WebhookEvent;
}

/**
 * At most so many of one owner, those included that are being sent to just now: nobody fills all places with endpoints that do not answer.
 * What is due longest comes first, and each has its turn, since what failed is put off. Each costs a look into two indexes of what is not
 * sent yet.
 */
export async function findDueEndpoints(database: Database, mostOfOwner = 8): Promise<string[]> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM (
      SELECT endpoint.id, due_at,
        row_number() OVER (PARTITION BY owner_id ORDER BY is_busy DESC, due_at, endpoint.id) AS place
      FROM webhook_endpoint AS endpoint
      CROSS JOIN LATERAL (
        SELECT (
          SELECT next_try_at FROM webhook_delivery
          WHERE endpoint_id = endpoint.id AND state = 'pending' AND next_try_at <= now() AND coalesce(claimed_until <= now(), true)
          ORDER BY next_try_at LIMIT 1
        ) AS due_at, EXISTS (
          SELECT FROM webhook_delivery
          WHERE endpoint_id = endpoint.id AND state = 'pending' AND claimed_until IS NOT NULL AND claimed_until > now()
        ) AS is_busy
      ) AS work
      WHERE disabled_at IS NULL AND (due_at IS NOT NULL OR is_busy)
    ) AS endpoint
    WHERE due_at IS NOT NULL AND place <= ${mostOfOwner}
    ORDER BY due_at, id`;
  return rows.map(({ id }) => id);
}

/** Undefined when it was deleted or is disabled. */
export async function findDeliveryTarget(database: Database, endpointId: string): Promise<DeliveryTarget | undefined> {
  const [target] = await database.$queryRaw<DeliveryTarget[]>`
    SELECT id, url, secret_sealed AS "secretSealed", CASE WHEN old_secret_until > now() THEN old_secret_sealed END AS "oldSecretSealed"
    FROM webhook_endpoint WHERE id = ${endpointId} AND disabled_at IS NULL`;
  return target;
}

/**
 * What is due longest comes first. A claim must last longer than a try may take; whoever dies with one has what it was sending sent once
 * more when it is over. A round lasts as much longer as it had to wait for us, behind a disabled endpoint or with no worker there: that
 * time is none in which the receiver failed.
 */
export async function claimDeliveries(
  database: Database,
  { endpointId, limit, claimMs }: { endpointId: string; limit: number; claimMs: number },
): Promise<ClaimedDelivery[]> {
  const rows = await database.$queryRaw<(Omit<ClaimedDelivery, 'event'> & ClaimedEvent)[]>`
    UPDATE webhook_delivery SET tries = tries + 1, claimed_until = now() + ${claimMs}::float8 * interval '1 millisecond',
      round_began_at = least(now(), round_began_at + (now() - next_try_at)),
      -- What was waited for so far is not to be counted again, should this claim be lost.
      next_try_at = now()
    -- An array is chosen once, whatever the plan: a list might be, and locked, once more for each row.
    WHERE id = ANY(ARRAY(
      SELECT id FROM webhook_delivery
      WHERE endpoint_id = ${endpointId} AND state = 'pending' AND next_try_at <= now() AND coalesce(claimed_until <= now(), true)
      ORDER BY next_try_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
    RETURNING id, tries AS n, tries - tries_before AS "tryOfRound", event_id AS "eventId", event_type AS type, data,
      floor(extract(epoch FROM created_at))::integer AS "createdAt"`;
  return rows.map(({ eventId, type, data, createdAt, ...row }) => ({
    ...row,
    event: { id: eventId, object: 'event', created_at: createdAt, type, data },
  }));
}

interface ClaimedEvent {
  eventId: string;
  type: string;
  data: { id: string };
  /** Unix seconds. */
  createdAt: number;
}

/** Puts back what this process could not finish, as if it had not been tried. */
export async function returnDelivery(database: Database, { id, n }: Pick<ClaimedDelivery, 'id' | 'n'>): Promise<void> {
  await database.$executeRaw`
    UPDATE webhook_delivery SET tries = tries - 1, claimed_until = NULL WHERE id = ${id} AND tries = ${n} AND state = 'pending'`;
}
