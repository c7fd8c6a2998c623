/** The accounts of a batch, as they are when it is made. */
import type { TokenFilter } from '@reelay/contracts/token-list';
import type { Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { type Matching, matchingTokens } from '../tokens/matching-tokens.js';

/** Writes a row for every account of the choice, in its order, and says how many there are. Unknown ids get a row that says so. */
export async function addChosen(database: Queryable, batchId: string, tokenIds: readonly string[]): Promise<number> {
  return addFrom(
    database,
    batchId,
    Prisma.sql`
      SELECT asked.id, token.label, token.access_token_hint AS hint, asked.place AS place, token.id IS NULL AS is_missing
      FROM (SELECT id, min(place) AS place FROM unnest(${[...tokenIds]}::text[]) WITH ORDINALITY AS given (id, place) GROUP BY id) AS asked
      LEFT JOIN token ON token.id = asked.id AND hidden_at IS NULL`,
  );
}

export async function addFiltered(
  database: Queryable,
  batchId: string,
  filter: TokenFilter,
  matching: Matching,
): Promise<number> {
  return addFrom(
    database,
    batchId,
    Prisma.sql`
      SELECT id, label, access_token_hint AS hint, row_number() OVER (ORDER BY created_at, id) AS place, false AS is_missing
      FROM token WHERE ${matchingTokens(filter, matching)}`,
  );
}

async function addFrom(database: Queryable, batchId: string, chosen: Prisma.Sql): Promise<number> {
  return database.$executeRaw`
    INSERT INTO batch_row (batch_id, n, token_id, label, hint, verdict, message)
    SELECT ${batchId}, row_number() OVER (ORDER BY place), id, label, hint,
      CASE WHEN is_missing THEN 'failed' END, CASE WHEN is_missing THEN 'There is no account of this id.' END
    FROM (${chosen}) AS chosen`;
}

/** The number of rows, once they are all there. */
export async function setTotal(database: Queryable, batchId: string, total: number): Promise<void> {
  await database.$executeRaw`UPDATE batch SET total = ${total}, updated_at = now() WHERE id = ${batchId}`;
}
