/**
 * Keys that may have only so many generations worked on at once. What is planned for them is carried out only while the key's row is the
 * very one that was counted with, and changes it: two assigners, or two lanes, never start from the same count. Parts of the statements
 * that take; where no key has such a limit their text is as if this did not exist.
 */
import { Prisma } from '../generated/prisma/client.js';
import type { NextRow } from './find-next-rows.js';

export interface HeldKeys {
  /** Of each match, beside what else is planned. */
  planned: (row: NextRow) => { api_key_id?: string | null; key_version?: string };
  /** Columns of those in the record that is read from the plan. */
  columns: Prisma.Sql;
  /** A further CTE behind `planned`, and the name of the one to go on with. */
  held: Prisma.Sql;
  source: Prisma.Sql;
  /** A last CTE, behind that of the `assigned`. */
  changed: Prisma.Sql;
}

export function heldKeys(rows: readonly NextRow[]): HeldKeys {
  if (rows.every(({ keyVersion }) => keyVersion === null)) return noKeys;
  return {
    planned: ({ apiKeyId, keyVersion }) =>
      keyVersion === null ? {} : { api_key_id: apiKeyId, key_version: keyVersion },
    columns: Prisma.sql`, api_key_id text, key_version text`,
    held: Prisma.sql`, held AS MATERIALIZED (
      SELECT planned.* FROM planned LEFT JOIN LATERAL (
        SELECT true AS is_held FROM api_key WHERE id = planned.api_key_id AND xmin::text = planned.key_version
        FOR NO KEY UPDATE SKIP LOCKED
      ) AS key ON true WHERE key_version IS NULL OR is_held
    )`,
    source: Prisma.sql`held`,
    changed: Prisma.sql`, started AS (
      UPDATE api_key SET starts = starts + 1 WHERE id IN (SELECT api_key_id FROM assigned WHERE key_version IS NOT NULL)
    )`,
  };
}

const noKeys: HeldKeys = {
  planned: () => ({}),
  columns: Prisma.empty,
  held: Prisma.empty,
  source: Prisma.sql`planned`,
  changed: Prisma.empty,
};
