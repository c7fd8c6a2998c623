/** The next waiting rows of a lane in fair order, seen from the tokens that are free. */
import type { Queryable } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { inText, plannedOnce } from '../planned-once.js';

export interface NextRow {
  generationId: string;
  apiKeyId: string | null;
  fence: bigint;
  /** Those of the free tokens that this row may not be given to now. */
  excluded: string[];
  /** Of the key's row, where the key may have only so many generations worked on at once; see `heldKeys`. */
  keyVersion: string | null;
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
 * free token are passed over, however many there are: they do not hold up those behind them. So are those of a key that has as many
 * generations worked on as it may at once.
 */
export async function findNextRows(database: Queryable, find: FindNextRows): Promise<NextRow[]> {
  const rows = await queryDriver<NumberedRow>(database, nextRowsQuery(find, evenShares(find.limit)));
  // Had a key's last row that was read its turn, one behind it may have had its turn as well.
  if (!rows.some(({ isLastRead }) => isLastRead)) return rows;
  return queryDriver<NumberedRow>(database, nextRowsQuery(find, inText(find.limit)));
}

interface NumberedRow extends NextRow {
  /** Of its key, where more of it may wait than were read. */
  isLastRead: boolean;
}

/** Twice what each key starts where all have enough waiting, and two at least, of which one is not the last that is read: to read as many of each as are needed in all is mostly in vain. */
function evenShares(limit: number): Prisma.Sql {
  return Prisma.sql`(SELECT least(${inText(limit)}, greatest(2, ${inText(2 * limit)} / (1 + count(*)) + 1)) FROM waiting_key)`;
}

function nextRowsQuery(find: FindNextRows, ofEachKey: Prisma.Sql): Prisma.Sql {
  const { lane, turns } = find;
  const limit = inText(find.limit);
  return Prisma.sql`${plannedOnce}
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
    ), excluding AS MATERIALIZED (${excludingRows(find)}),
    limited_key AS MATERIALIZED (
      -- One look at the key's row, in the snapshot of this statement, by which version and count belong together.
      SELECT key, version, concurrent_limit - count_working(key) AS room FROM waiting_key CROSS JOIN LATERAL (
        SELECT concurrent_limit, xmin::text AS version FROM api_key WHERE id = waiting_key.key AND concurrent_limit IS NOT NULL
      ) AS api_key
    ), candidate AS (
      SELECT first.* FROM waiting_key CROSS JOIN LATERAL (${firstRows(find, Prisma.sql`generation.api_key_id = waiting_key.key`, ofEachKey)}) AS first
      UNION ALL
      SELECT first.* FROM (${firstRows(find, Prisma.sql`generation.api_key_id IS NULL`, ofEachKey)}) AS first
    ), next AS (
      SELECT candidate.*, served.turn, limited_key.version AS key_version
      FROM candidate LEFT JOIN limited_key ON limited_key.key = candidate.api_key_id
        LEFT JOIN jsonb_to_recordset(${JSON.stringify(turns)}::jsonb) AS served (key text, turn bigint)
        ON served.key = coalesce(candidate.api_key_id, '')
      WHERE limited_key.room IS NULL OR nth <= limited_key.room
      ORDER BY priority DESC, nth, coalesce(served.turn, 0), created_at, id LIMIT ${limit}
    )
    SELECT id AS "generationId", api_key_id AS "apiKeyId", fence, coalesce(token_ids, '{}') AS excluded, key_version AS "keyVersion",
      nth = ${ofEachKey} AND nth < ${limit} AS "isLastRead"
    FROM next LEFT JOIN excluding ON generation_id = id
    ORDER BY priority DESC, nth, coalesce(turn, 0), created_at, id`;
}

/** Looked up by the free tokens, once for all rows. Those that are over do not matter, however many have piled up. */
function excludingRows({ isPinned, freeTokenIds }: FindNextRows): Prisma.Sql {
  if (isPinned) return Prisma.sql`SELECT NULL::text AS generation_id, NULL::text[] AS token_ids WHERE false`;
  return Prisma.sql`
    SELECT generation_id, array_agg(token_id) AS token_ids FROM generation_exclusion
    WHERE token_id = ANY(${[...freeTokenIds]}::text[]) AND until > now() GROUP BY generation_id`;
}

/** In the order of an index, which is that of their numbers too: nothing is sorted, nor is more read than is numbered. */
function firstRows({ lane, freeTokenIds }: FindNextRows, ofKey: Prisma.Sql, ofEachKey: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    SELECT id, api_key_id, fence, priority, created_at, row_number() OVER (ORDER BY priority DESC, created_at, id) AS nth FROM generation
    WHERE lane = ${lane} AND ${ofKey} AND state = 'queued' AND token_id IS NULL
      AND (not_before IS NULL OR not_before <= now()) AND deadline_at > now()
      AND id NOT IN (SELECT generation_id FROM excluding WHERE cardinality(token_ids) >= ${freeTokenIds.length})
    ORDER BY priority DESC, created_at, id LIMIT ${ofEachKey}`;
}
