/** The next waiting rows of a lane in fair order, seen from the tokens that are free. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface NextRow {
  generationId: string;
  apiKeyId: string | null;
  fence: bigint;
  /** Those of the free tokens that this row may not be given to now. */
  excluded: string[];
}

export interface FindNextRows {
  lane: string;
  /** Pinned rows have nowhere else to go, so they are never excluded. */
  isPinned: boolean;
  freeTokenIds: readonly string[];
  /** Growing numbers of the last start per API key (`''` for none); a key that is missing comes first. */
  turns: readonly { key: string; turn: number }[];
  limit: number;
}

/**
 * Priority, then the n-th waiting row of each key, then whose key was served the longest ago, then age. Rows that exclude every
 * free token are passed over, however many there are: they do not hold up those behind them.
 */
export async function findNextRows(database: Queryable, find: FindNextRows): Promise<NextRow[]> {
  const { lane, turns, limit } = find;
  return database.$queryRaw<NextRow[]>`
    WITH RECURSIVE waiting_key AS (
      (SELECT api_key_id AS key FROM generation
       WHERE lane = ${lane} AND state = 'queued' AND token_id IS NULL AND api_key_id IS NOT NULL
       ORDER BY api_key_id LIMIT 1)
      UNION ALL
      SELECT next.api_key_id FROM waiting_key CROSS JOIN LATERAL (
        SELECT api_key_id FROM generation
        WHERE lane = ${lane} AND state = 'queued' AND token_id IS NULL AND api_key_id > waiting_key.key
        ORDER BY api_key_id LIMIT 1
      ) AS next
    ), candidate AS (
      SELECT first.* FROM waiting_key CROSS JOIN LATERAL (${firstRows(find, Prisma.sql`generation.api_key_id = waiting_key.key`)}) AS first
      UNION ALL
      SELECT first.* FROM (${firstRows(find, Prisma.sql`generation.api_key_id IS NULL`)}) AS first
    ), numbered AS (
      SELECT *, row_number() OVER (PARTITION BY api_key_id ORDER BY priority DESC, created_at, id) AS nth FROM candidate
    )
    SELECT id AS "generationId", api_key_id AS "apiKeyId", fence, excluded
    FROM numbered LEFT JOIN jsonb_to_recordset(${JSON.stringify(turns)}::jsonb) AS served (key text, turn bigint)
      ON served.key = coalesce(numbered.api_key_id, '')
    ORDER BY priority DESC, nth, coalesce(served.turn, 0), created_at, id
    LIMIT ${limit}`;
}

function firstRows({ lane, isPinned, freeTokenIds, limit }: FindNextRows, ofKey: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT generation.id, generation.api_key_id, generation.fence, generation.priority, generation.created_at, exclusion.excluded
    FROM generation CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(token_id), '{}') AS excluded FROM generation_exclusion
      WHERE NOT ${isPinned} AND generation_id = generation.id AND token_id = ANY(${[...freeTokenIds]}::text[]) AND until > now()
    ) AS exclusion
    WHERE generation.lane = ${lane} AND ${ofKey} AND generation.state = 'queued' AND generation.token_id IS NULL
      AND (generation.not_before IS NULL OR generation.not_before <= now()) AND generation.deadline_at > now()
      AND cardinality(exclusion.excluded) < ${freeTokenIds.length}
    ORDER BY generation.priority DESC, generation.created_at, generation.id LIMIT ${limit}`;
}
