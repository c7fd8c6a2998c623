/** Rows of the waiting room that must leave it without a token: too late, or nobody is left who could ever serve them. */
import { type Lane, laneKey } from '@reelay/contracts/lane';
import type { Queryable, Transaction } from '../client.js';

/** Waiting rows whose deadline has passed, by the database's clock. */
export async function findOverdueRows(database: Queryable, limit: number): Promise<string[]> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation
    WHERE state = 'queued' AND stage IN ('waiting', 'preparing', 'submitting') AND token_id IS NULL AND deadline_at <= now()
    ORDER BY deadline_at LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

export interface FindHopelessRows {
  lane: Lane;
  /** An account that was deleted less than this ago may be about to be added again. */
  graceMs: number;
  limit: number;
}

/**
 * Waiting rows of a lane that no account of any target has the capability for, whatever its state. Accounts that are out of service,
 * switched off or not inspected yet may come back; a deadline ends the wait for them.
 */
export async function findHopelessRows(database: Queryable, find: FindHopelessRows): Promise<string[]> {
  const { lane, graceMs, limit } = find;
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation
    WHERE lane = ${laneKey(lane)} AND state = 'queued' AND token_id IS NULL AND NOT EXISTS (
      SELECT FROM token WHERE provider = ${lane.provider}
        AND (hidden_at IS NULL OR hidden_at > now() - ${graceMs} * interval '1 millisecond')
        AND (${lane.plan} = 'any' OR coalesce(plan, 'pro') = 'pro') AND (NOT ${lane.sora2} OR sora2 IS NOT FALSE)
        AND (${lane.tokenId ?? null}::text IS NULL OR id = ${lane.tokenId ?? null}))
    LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Locks a row that still waits; false when it was assigned or ended meanwhile. */
export async function lockWaitingRow(tx: Transaction, generationId: string): Promise<boolean> {
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT id FROM generation WHERE id = ${generationId} AND state = 'queued' AND token_id IS NULL FOR UPDATE`;
  return locked.length === 1;
}
