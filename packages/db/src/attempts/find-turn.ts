/** Whose turn it is to submit on a token where an unknown outcome is found by elimination. */
import type { SlotKind } from '@reelay/contracts/domain';
import type { Database } from '../client.js';

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
  const [row] = await database.$queryRaw<[{ held_by: 'sent' | 'unknown' | null; unresolved_ago_ms: number | null }]>`
    SELECT
      (SELECT state FROM submit_attempt WHERE token_id = ${tokenId} AND takes_turn AND state IN ('sent', 'unknown')) AS held_by,
      (SELECT (extract(epoch FROM now() - max(closed_at)) * 1000)::float8 FROM submit_attempt
        WHERE token_id = ${tokenId} AND state IN ('absent', 'lost') AND takes_turn) AS unresolved_ago_ms`;
  return { heldBy: row.held_by ?? undefined, lastUnresolvedAgoMs: row.unresolved_ago_ms ?? undefined };
}

/**
 * Operations of ours that should stand on the token's list of finished ones of a kind, newest first: a listing may stop at any of them.
 * Steps that are not found by elimination stand on no list.
 */
export async function findLandmarks(database: Database, tokenId: string, slotKind: SlotKind): Promise<string[]> {
  const rows = await database.$queryRaw<{ operation_id: string }[]>`
    SELECT operation_id FROM submit_attempt AS attempt JOIN generation ON generation.id = attempt.generation_id
    WHERE attempt.token_id = ${tokenId} AND attempt.state = 'ended' AND operation_id IS NOT NULL AND takes_turn
      AND (kind = 'image') = (${slotKind} = 'image')
    ORDER BY closed_at DESC LIMIT 50`;
  return rows.map((row) => row.operation_id);
}
