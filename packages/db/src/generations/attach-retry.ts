/**
 * A client's SDK repeats a request that ended without a result, and sends no idempotency key. Each such end (504, a lost connection, a
 * dead gateway) lets one repeat attach to the generation it began, instead of paying for a second one.
 */
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';

export interface AttachRetry {
  ownerId: string;
  requestHash: string;
  /** Advisory-lock key of this process, whose request now waits. */
  waiter: bigint;
  /** Older generations are not looked at: the repeat of an SDK comes within minutes. */
  windowMs: number;
}

export type Attachment =
  | { outcome: 'attached'; generationId: string }
  /** An equal request still waits in a living process; it may be the one whose end has not been noticed yet. */
  | { outcome: 'busy' }
  | { outcome: 'none' };

export async function attachRetry(database: Database, attach: AttachRetry): Promise<Attachment> {
  return inTransaction(database, async (tx) => {
    // Equal retries go one after another: were they to queue for the same row, all but the first would find nothing.
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`${attach.ownerId} ${attach.requestHash}`}, 0))::text`;
    const generationId = await claimNewest(tx, attach);
    if (generationId !== undefined) return { outcome: 'attached', generationId };
    return { outcome: (await isWaitedFor(tx, attach)) ? 'busy' : 'none' };
  });
}

async function claimNewest(tx: Transaction, attach: AttachRetry): Promise<string | undefined> {
  const [claimed] = await tx.$queryRaw<{ id: string }[]>`
    WITH candidate AS (
      SELECT id FROM generation
      WHERE owner_id = ${attach.ownerId} AND request_hash = ${attach.requestHash} AND deleted_at IS NULL
        AND created_at > now() - ${attach.windowMs} * interval '1 millisecond'
        AND (attachable > 0 OR (waiter IS NOT NULL AND waiter NOT IN (
          SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
          WHERE locktype = 'advisory' AND objsubid = 1 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))))
      ORDER BY created_at DESC, id DESC LIMIT 1
      FOR UPDATE
    )
    UPDATE generation SET attachable = greatest(attachable - 1, 0), waiter = ${attach.waiter}
    FROM candidate WHERE generation.id = candidate.id
    RETURNING generation.id`;
  return claimed?.id;
}

async function isWaitedFor(tx: Transaction, attach: AttachRetry): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ is_waited_for: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM generation
      WHERE owner_id = ${attach.ownerId} AND request_hash = ${attach.requestHash} AND deleted_at IS NULL
        -- Attachable: it was released between the two statements, and the next try gets it.
        AND (waiter IS NOT NULL OR attachable > 0)
        AND created_at > now() - ${attach.windowMs} * interval '1 millisecond'
    ) AS is_waited_for`;
  return row?.is_waited_for ?? false;
}
