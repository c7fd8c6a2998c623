/**
 * What a subject did: the rows of its days and, in the same statement and so at the same instant, the bookings that are not in them yet and
 * the slots that are held now. So the numbers are exact at any time, whenever bookings are summed up.
 */
import { errorRegistry, isErrorCode } from '@reelay/contracts/errors';
import type { LastError, Statistics, WorkDay } from '@reelay/contracts/statistics';
import type { Database } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { dailyParts, numberColumns, poolSubject, summedParts } from './daily-parts.js';
import { countWork, type KindSums } from './work-counts.js';

export interface ReadWork {
  /** An account's id; undefined for the whole pool. */
  tokenId?: string;
  /** One that the database knows. */
  timeZone: string;
  days: number;
}

export async function readWork(database: Database, work: ReadWork): Promise<Statistics> {
  const rows = await readSums(database, work);
  const errors = await readErrors(database, work);
  const names = rows.flatMap((row) => (row.isShown && row.day !== null ? [row.day] : []));
  const days = [...new Set(names)].sort().map((day): WorkDay => ({ day, ...countWork(rowsOf(rows, day)) }));
  const today = days.at(-1) as WorkDay;
  const total = countWork(rows.flatMap(({ kind, ...row }) => (kind === null ? [] : [{ kind, ...row }])));
  return { timeZone: work.timeZone, today, total, days, errors, lastError: await readLastError(database, work) };
}

/** Of a kind on a day; without a kind it only says that the day is one of those asked for. */
type SumRow = Omit<KindSums, 'kind'> & { kind: string | null; day: string | null; isShown: boolean };

function rowsOf(rows: readonly SumRow[], wanted: string): KindSums[] {
  return rows.flatMap(({ kind, day, ...row }) => (kind !== null && day === wanted ? [{ kind, ...row }] : []));
}

/** Sums of all days before those that were asked for come in rows without a day. */
function readSums(database: Database, { tokenId, timeZone, days }: ReadWork): Promise<SumRow[]> {
  const mine = tokenId === undefined ? Prisma.sql`true` : Prisma.sql`token_id = ${tokenId}`;
  const unsummed = Prisma.sql`(
    SELECT kind, at, since, submitted, succeeded, failed, client_failed, cancelled, faults, duration_ms
    FROM statistics_booking WHERE ${mine}
    UNION ALL SELECT kind, now(), created_at, 0, 0, 0, 0, 0, 0, 0 FROM token_slot WHERE ${mine}
  )`;
  return database.$queryRaw<SumRow[]>`
    WITH asked AS (
      SELECT (now() AT TIME ZONE ${timeZone})::date AS today, (now() AT TIME ZONE ${timeZone})::date - ${days - 1}::integer AS first
    ), summed AS (
      SELECT kind, day, ${numberColumns} FROM statistics_day WHERE subject = ${tokenId ?? poolSubject}
      UNION ALL
      SELECT kind, day, ${summedParts} FROM ${dailyParts(unsummed, timeZone)} GROUP BY kind, day
      UNION ALL
      SELECT NULL, day::date, 0, 0, 0, 0, 0, 0, 0, 0 FROM asked, generate_series(first, today, interval '1 day') AS day
    )
    SELECT kind, shown.day, shown.day IS NOT NULL AS "isShown",
      sum(submitted)::float8 AS submitted, sum(succeeded)::float8 AS succeeded, sum(failed)::float8 AS failed,
      sum(client_failed)::float8 AS "clientFailed", sum(cancelled)::float8 AS cancelled, sum(faults)::float8 AS faults,
      sum(duration_ms)::float8 AS "durationMs", sum(busy_ms)::float8 AS "busyMs"
    FROM summed CROSS JOIN asked
      CROSS JOIN LATERAL (SELECT CASE WHEN summed.day BETWEEN first AND today THEN to_char(summed.day, 'YYYY-MM-DD') END) AS shown (day)
    GROUP BY kind, shown.day`;
}

function readErrors(database: Database, { tokenId, timeZone, days }: ReadWork): Promise<Statistics['errors']> {
  return database.$queryRaw<Statistics['errors']>`
    SELECT source, code, sum(count)::float8 AS count FROM (
      SELECT source, code, day, count FROM statistics_error WHERE subject = ${tokenId ?? poolSubject}
      UNION ALL
      SELECT error_source, error_code, (at AT TIME ZONE ${timeZone})::date, 1 FROM statistics_booking
      WHERE error_code IS NOT NULL AND coalesce(token_id = ${tokenId ?? null}, ${tokenId === undefined})
    ) AS error (source, code, day, count)
    WHERE day > (now() AT TIME ZONE ${timeZone})::date - ${days}::integer
    GROUP BY source, code ORDER BY count DESC, source, code`;
}

type FoundError = Omit<LastError, 'at' | 'explanation'> & { at: Date };

async function readLastError(database: Database, { tokenId }: ReadWork): Promise<LastError | null> {
  const [found] = await database.$queryRaw<FoundError[]>`
    SELECT * FROM (
      (SELECT last_at AS at, source, kind, code, last_message AS message, last_generation_id AS "generationId"
       FROM statistics_error WHERE subject = ${tokenId ?? poolSubject} ORDER BY last_at DESC LIMIT 1)
      UNION ALL
      (SELECT at, error_source, kind, error_code, coalesce(error_message, ''), generation_id FROM statistics_booking
       WHERE error_code IS NOT NULL AND coalesce(token_id = ${tokenId ?? null}, ${tokenId === undefined}) ORDER BY at DESC LIMIT 1)
    ) AS error ORDER BY at DESC LIMIT 1`;
  if (!found) return null;
  return { ...found, at: found.at.toISOString(), explanation: explanationOf(found.code) };
}

/** A code that this release does not know was written by a newer one. */
function explanationOf(code: string): string {
  return errorRegistry[isErrorCode(code) ? code : 'internal_error'].help;
}
