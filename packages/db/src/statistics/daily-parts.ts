/** Bookings cut into days, in one place for whoever sums them up and for whoever reads what is not summed up yet. */
import { Prisma } from '../generated/prisma/client.js';

/** What all numbers of the pool are filed under; an account's are under its id. */
export const poolSubject = 'pool';

/** The numbers of a booking and of a day, in the order in which both tables have them. */
export const numberColumns = Prisma.raw(
  'submitted, succeeded, failed, client_failed, cancelled, faults, duration_ms, busy_ms',
);

/** Sums of `numberColumns` over parts. */
export const summedParts = Prisma.raw(
  ['submitted', 'succeeded', 'failed', 'client_failed', 'cancelled', 'faults', 'duration_ms']
    .map((column) => `coalesce(sum(${column}) FILTER (WHERE is_last), 0) AS ${column}`)
    .concat('coalesce(sum(part_ms), 0) AS busy_ms')
    .join(', '),
);

/**
 * To be selected from: the rows of `source` (bookings), each once for every day on which its slot was held, with its share of that in
 * `part_ms`. What else it counts belongs to the last of these days, the one on which it happened (`is_last`).
 */
export function dailyParts(source: Prisma.Sql, timeZone: string): Prisma.Sql {
  return Prisma.sql`
    ${source} AS booking
    CROSS JOIN LATERAL (SELECT least(coalesce(booking.since, booking.at), booking.at)) AS span (begin)
    CROSS JOIN LATERAL (
      SELECT local::date AS day, local::date = (booking.at AT TIME ZONE ${timeZone})::date AS is_last,
        greatest(0, round(extract(epoch FROM
          least(booking.at, (local + interval '1 day') AT TIME ZONE ${timeZone}) - greatest(span.begin, local AT TIME ZONE ${timeZone})
        ) * 1000)) * (booking.since IS NOT NULL)::integer AS part_ms
      FROM generate_series(
        date_trunc('day', span.begin AT TIME ZONE ${timeZone}), date_trunc('day', booking.at AT TIME ZONE ${timeZone}), interval '1 day'
      ) AS local
    ) AS part`;
}
