/** How often something is done by all processes together: one row of `timer` per thing, moved ahead by everyone who does it. */
import type { Queryable } from './client.js';

export interface Pace {
  perMinute: number;
  /** How many may come at once after a pause. */
  burst: number;
}

/** 0: go ahead, and it is counted. Otherwise the milliseconds after which to ask again; nobody's place is kept. */
export async function takeTurn(database: Queryable, name: string, { perMinute, burst }: Pace): Promise<number> {
  const everyMs = 60_000 / perMinute;
  await database.$executeRaw`INSERT INTO timer (name) VALUES (${name}) ON CONFLICT (name) DO NOTHING`;
  // The row says when all that was done would have been done evenly. By the clock, which goes on while the row is waited for. A row
  // further ahead than the burst is of a slower setting.
  const [turn] = await database.$queryRaw<{ waitMs: number }[]>`
    WITH taken AS (
      UPDATE timer SET next_at = CASE
          WHEN next_at > clock_timestamp() + ${(burst + 1) * everyMs}::float8 * interval '1 millisecond' THEN clock_timestamp()
          ELSE greatest(next_at, clock_timestamp()) END + ${everyMs}::float8 * interval '1 millisecond'
      WHERE name = ${name} AND (
        next_at <= clock_timestamp() + ${(burst - 1) * everyMs}::float8 * interval '1 millisecond'
        OR next_at > clock_timestamp() + ${(burst + 1) * everyMs}::float8 * interval '1 millisecond')
      RETURNING name)
    SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 0 ELSE (
      SELECT greatest(1, extract(epoch FROM next_at - clock_timestamp()) * 1000 - ${(burst - 1) * everyMs}::float8)
      FROM timer WHERE name = ${name}) END::float8 AS "waitMs"`;
  return turn?.waitMs ?? everyMs;
}
