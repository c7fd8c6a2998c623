/** What an operator was to be told of, newest first. */
import {
  type OperatorEventPage,
  type OperatorEventQuery,
  type OperatorEventType,
  operatorEventTypes,
} from '@reelay/contracts/operator-events';
import type { Database, Queryable } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';

export async function listOperatorEvents(
  database: Queryable,
  { type, after, limit }: OperatorEventQuery,
): Promise<OperatorEventPage> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT id, type, subject, data, created_at AS at FROM operator_event
    -- A type that this release does not know was written by a newer one.
    WHERE type = ANY(${type ? [type] : [...operatorEventTypes]}::text[])
      ${after === undefined ? Prisma.empty : Prisma.sql`AND id < ${after}::bigint`}
    ORDER BY id DESC LIMIT ${limit + 1}`;
  const data = rows.slice(0, limit).map((row) => ({ ...row, id: String(row.id), at: row.at.toISOString() }));
  return { data, next: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

interface Row {
  id: bigint;
  type: OperatorEventType;
  subject: string;
  data: Record<string, unknown>;
  at: Date;
}

const portion = 5_000;

/** In portions, so that no statement runs long. True when there is more to delete. */
export async function deleteOldOperatorEvents(database: Database, keptDays: number): Promise<boolean> {
  const deleted = await database.$executeRaw`
    DELETE FROM operator_event WHERE id IN (
      SELECT id FROM operator_event WHERE created_at < now() - ${keptDays} * interval '1 day' ORDER BY created_at LIMIT ${portion})`;
  return deleted === portion;
}
