/** The history of an account: what happened, and what became of it. */
import type { TokenEventPage, TokenEventQuery, TokenState } from '@reelay/contracts/token-history';
import type { Database, Queryable } from '../client.js';

/** Newest first. Also of an account that was deleted. Undefined when there never was one of this id. */
export async function listTokenEvents(
  database: Queryable,
  tokenId: string,
  { after, limit }: TokenEventQuery,
): Promise<TokenEventPage | undefined> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT event.id, at, type, data, before, after
    FROM token LEFT JOIN LATERAL (
      SELECT * FROM token_event
      WHERE token_id = token.id AND (${after ?? null}::bigint IS NULL OR token_event.id < ${after ?? null}::bigint)
      ORDER BY token_event.id DESC LIMIT ${limit + 1}
    ) AS event ON true
    WHERE token.id = ${tokenId} ORDER BY event.id DESC`;
  if (rows.length === 0) return undefined;
  const events = rows.filter((row): row is EventRow => row.id !== null);
  const page = events.slice(0, limit).map((row) => ({ ...row, id: String(row.id), at: row.at.toISOString() }));
  return { data: page, next: events.length > limit ? (page.at(-1)?.id ?? null) : null };
}

interface EventRow {
  id: bigint;
  at: Date;
  type: string;
  data: Record<string, unknown>;
  before: TokenState;
  after: TokenState;
}
/** Without an event: only that the account is there. */
type Row = EventRow | { id: null };

const portion = 5_000;

/** In portions, so that no statement runs long. True when there is more to delete. */
export async function deleteOldTokenEvents(database: Database, keptDays: number): Promise<boolean> {
  const deleted = await database.$executeRaw`
    DELETE FROM token_event WHERE id IN (
      SELECT id FROM token_event WHERE at < now() - ${keptDays} * interval '1 day' ORDER BY at LIMIT ${portion})`;
  return deleted === portion;
}
