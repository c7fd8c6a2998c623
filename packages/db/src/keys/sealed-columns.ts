/** Everything that is sealed with the master key: found by the key it was sealed with, and replaced only where it is still the same text. */
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export interface SealedValue {
  /** In the order of the column; the next page begins behind it. */
  position: string;
  /** Where it opens. */
  place: { table: string; row: string; column: string };
  sealed: string;
}

interface SealedColumn {
  table: string;
  column: string;
  position: Prisma.Sql;
  /** Table, row and column that the value was sealed for, which a copied one keeps. */
  place: { table: Prisma.Sql; row: Prisma.Sql; column: Prisma.Sql };
}

const own = (table: string, column: string, row: Prisma.Sql, position = row): SealedColumn => ({
  table,
  column,
  position,
  place: { table: Prisma.sql`${table}`, row, column: Prisma.sql`${column}` },
});
const id = Prisma.sql`id`;
const isOfSetting = Prisma.sql`proxy_place = 'proxy.default'`;

export const sealedColumns: readonly SealedColumn[] = [
  own('token', 'access_token_sealed', id),
  own('token', 'session_token_sealed', id),
  own('token', 'refresh_token_sealed', id),
  own('token', 'proxy_sealed', id),
  own('sealed_setting', 'value_sealed', Prisma.sql`key`),
  own('batch', 'secret_sealed', id),
  own(
    'batch_row',
    'payload_sealed',
    Prisma.sql`batch_id || '/' || n`,
    Prisma.sql`batch_id || '/' || lpad(n::text, 10, '0')`,
  ),
  {
    // An attempt has a copy of the proxy that it began with: its token's, or the installation's.
    table: 'submit_attempt',
    column: 'proxy_sealed',
    position: id,
    place: {
      table: Prisma.sql`CASE WHEN ${isOfSetting} THEN 'sealed_setting' ELSE 'token' END`,
      row: Prisma.sql`CASE WHEN ${isOfSetting} THEN proxy_place ELSE token_id END`,
      column: Prisma.sql`CASE WHEN ${isOfSetting} THEN 'value_sealed' ELSE 'proxy_sealed' END`,
    },
  },
];

/** Values behind `after` that another key than `keyId` sealed. */
export async function findSealedOtherwise(
  database: Queryable,
  { table, column, position, place }: SealedColumn,
  { keyId, after, limit }: { keyId: string; after: string; limit: number },
): Promise<SealedValue[]> {
  const sealed = Prisma.raw(`"${column}"`);
  const rows = await database.$queryRaw<(SealedValue['place'] & { position: string; sealed: string })[]>`
    SELECT (${position})::text AS position, ${place.table}::text AS "table", (${place.row})::text AS "row",
      ${place.column}::text AS "column", ${sealed} AS sealed
    FROM ${Prisma.raw(`"${table}"`)}
    WHERE ${sealed} <> '' AND NOT starts_with(${sealed}, ${`v1.${keyId}.`}) AND (${position})::text COLLATE "C" > ${after}
    ORDER BY (${position})::text COLLATE "C" LIMIT ${limit}`;
  return rows.map(({ position: at, sealed: text, ...where }) => ({ position: at, place: where, sealed: text }));
}

/** False when somebody has written another value meanwhile. */
export async function replaceSealed(
  database: Queryable,
  { table, column, position }: SealedColumn,
  { at, from, to }: { at: string; from: string; to: string },
): Promise<boolean> {
  const sealed = Prisma.raw(`"${column}"`);
  const replaced = await database.$executeRaw`
    UPDATE ${Prisma.raw(`"${table}"`)} SET ${sealed} = ${to} WHERE (${position})::text = ${at} AND ${sealed} = ${from}`;
  return replaced === 1;
}
