/** Whose turn it is to submit on a token where an unknown outcome is found by elimination. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';

export interface Turn {
  /** State of the attempt that holds the turn; undefined when it is free. */
  heldBy: 'sent' | 'unknown' | undefined;
  /**
   * Time since an attempt on this token was closed without anybody knowing what became of it: a listing made before that does not
   * tell the next attempt's task from that one's. Undefined when there was none.
   */
  lastUnresolvedAgoMs: number | undefined;
}

export async function findTurn(database: Database, tokenId: string): Promise<Turn> {
  const [row] = await queryDriver<{ held_by: 'sent' | 'unknown' | null; unresolved_ago_ms: number | null }>(
    database,
    Prisma.sql`
    SELECT
      (SELECT state FROM submit_attempt WHERE token_id = ${tokenId} AND takes_turn AND state IN ('sent', 'unknown')) AS held_by,
      (SELECT (extract(epoch FROM now() - max(closed_at)) * 1000)::float8 FROM submit_attempt
        WHERE token_id = ${tokenId} AND state IN ('absent', 'lost') AND takes_turn) AS unresolved_ago_ms`,
  );
  return { heldBy: row?.held_by ?? undefined, lastUnresolvedAgoMs: row?.unresolved_ago_ms ?? undefined };
}

/** Of the token's ended attempts only so many are looked through: one that makes few of a kind has a long history of the other. */
const lookedThrough = 1_000;

/**
 * Operations of ours that should stand on the token's list of finished ones of a kind, newest first: a listing may stop at any of them.
 * Steps that are not found by elimination stand on no list.
 */
export async function findLandmarks(database: Database, tokenId: string, slotKind: SlotKind): Promise<string[]> {
  const rows = await database.$queryRaw<{ operation_id: string }[]>`
    SELECT operation_id FROM (
      SELECT operation_id, generation_id, closed_at FROM submit_attempt
      WHERE token_id = ${tokenId} AND state = 'ended' AND operation_id IS NOT NULL AND takes_turn
      ORDER BY closed_at DESC LIMIT ${lookedThrough}
    ) AS attempt
    -- Not joined: the planner would rather read all generations.
    WHERE (SELECT (kind = 'image') = (${slotKind} = 'image') FROM generation WHERE id = generation_id)
    ORDER BY closed_at DESC LIMIT 50`;
  return rows.map((row) => row.operation_id);
}
