/** Moves bookings into the rows of their days. A booking is deleted by the statement that counts it, so it is counted exactly once. */
import type { Database } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { inTransaction } from '../transaction.js';
import { dailyParts, numberColumns, poolSubject, summedParts } from './daily-parts.js';
import { knownTimeZone } from './known-time-zone.js';

export const bookingPortion = 5_000;
/** Of the advisory lock: whoever sums up is alone, so nobody waits for anybody's day. */
const lockKey = 7_336_401;

/** How many bookings were summed up; in portions, so that no statement runs long. 0 also when somebody else is at it. */
export async function sumUpBookings(database: Database, configuredTimeZone: string): Promise<number> {
  const timeZone = await knownTimeZone(database, configuredTimeZone);
  return inTransaction(database, async (tx) => {
    const [{ isAlone }] = await tx.$queryRaw<[{ isAlone: boolean }]>`
      SELECT pg_try_advisory_xact_lock(${lockKey}) AS "isAlone"`;
    if (!isAlone) return 0;
    const [{ count }] = await tx.$queryRaw<[{ count: number }]>`
      WITH taken AS MATERIALIZED (
        DELETE FROM statistics_booking WHERE id IN (SELECT id FROM statistics_booking ORDER BY id LIMIT ${bookingPortion})
        RETURNING *
      ), part AS MATERIALIZED (
        SELECT booking.*, part.*, subject
        FROM ${dailyParts(Prisma.sql`taken`, timeZone)}
          CROSS JOIN LATERAL (VALUES (booking.token_id), (${poolSubject})) AS filed (subject)
        WHERE subject IS NOT NULL
      ), counted AS (
        INSERT INTO statistics_day AS known (subject, kind, day, ${numberColumns})
        SELECT subject, kind, day, ${summedParts} FROM part GROUP BY subject, kind, day
        ON CONFLICT (subject, kind, day) DO UPDATE SET
          submitted = known.submitted + excluded.submitted, succeeded = known.succeeded + excluded.succeeded,
          failed = known.failed + excluded.failed, client_failed = known.client_failed + excluded.client_failed,
          cancelled = known.cancelled + excluded.cancelled, faults = known.faults + excluded.faults,
          duration_ms = known.duration_ms + excluded.duration_ms, busy_ms = known.busy_ms + excluded.busy_ms
      ), explained AS (
        INSERT INTO statistics_error AS known
          (subject, kind, day, source, code, count, last_at, last_message, last_generation_id)
        SELECT subject, kind, day, error_source, error_code, count(*), max(at),
          (array_agg(coalesce(error_message, '') ORDER BY at DESC, id DESC))[1],
          (array_agg(generation_id ORDER BY at DESC, id DESC))[1]
        FROM part WHERE is_last AND error_code IS NOT NULL GROUP BY subject, kind, day, error_source, error_code
        ON CONFLICT (subject, kind, day, source, code) DO UPDATE SET
          count = known.count + excluded.count, last_at = greatest(known.last_at, excluded.last_at),
          last_message = CASE WHEN excluded.last_at >= known.last_at THEN excluded.last_message ELSE known.last_message END,
          last_generation_id =
            CASE WHEN excluded.last_at >= known.last_at THEN excluded.last_generation_id ELSE known.last_generation_id END
      )
      SELECT count(*)::integer AS count FROM taken`;
    return count;
  });
}
