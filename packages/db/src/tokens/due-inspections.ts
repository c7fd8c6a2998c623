/** Which accounts the upstream is to be asked about, given to one replica at a time. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface DueInspections {
  targets: readonly string[];
  everyMs: number;
  /** After a video that ended since the last inspection. */
  afterVideoMs: number;
  /** When it is due again if nothing comes of it. */
  againMs: number;
  limit: number;
}

/**
 * Accounts in service that were never inspected, not for `everyMs`, or whose videos have ended since: what they may still do is another
 * number now. Those that have worked come first. They are moved ahead, so that nobody else takes them.
 */
export async function claimDueInspections(
  database: Queryable,
  { targets, everyMs, afterVideoMs, againMs, limit }: DueInspections,
): Promise<{ id: string; target: string }[]> {
  const ago = (ms: number) => Prisma.sql`now() - ${ms}::float8 * interval '1 millisecond'`;
  return database.$queryRaw<{ id: string; target: string }[]>`
    WITH next AS MATERIALIZED (
      SELECT id FROM token
      WHERE hidden_at IS NULL AND state = 'active' AND target = ANY(${[...targets]}::text[])
        AND coalesce(inspect_not_before <= now(), true)
        AND (inspected_at IS NULL OR inspected_at < ${ago(everyMs)} OR (
          -- Only an account that has been given work lately is worth the look.
          last_assigned_at > inspected_at - interval '1 day' AND EXISTS (
            SELECT FROM submit_attempt AS attempt JOIN generation ON generation.id = attempt.generation_id
            WHERE attempt.token_id = token.id AND attempt.state = 'ended' AND takes_turn AND generation.kind = 'video'
              AND closed_at > inspected_at AND closed_at <= ${ago(afterVideoMs)})))
      ORDER BY last_assigned_at IS NULL, inspected_at NULLS FIRST, id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE token SET inspect_not_before = now() + ${againMs}::float8 * interval '1 millisecond'
    FROM next WHERE token.id = next.id RETURNING token.id, target`;
}

/** It did not come to the question: the turn of these was not reached. */
export async function putBackInspections(database: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await database.$executeRaw`UPDATE token SET inspect_not_before = NULL WHERE id = ANY(${[...ids]}::text[])`;
}
