/** Counts a complete listing that showed no candidate for an unknown submit, by the database's clock. */
import type { Database } from '../client.js';

export interface CleanListings {
  count: number;
  /** Time between the first and this one. */
  spanMs: number;
}

/** Undefined when the attempt is not `unknown` any more. */
export async function recordCleanListing(database: Database, attemptId: string): Promise<CleanListings | undefined> {
  const [recorded] = await database.$queryRaw<CleanListings[]>`
    UPDATE submit_attempt SET
      clean_listings = clean_listings + 1, first_clean_at = coalesce(first_clean_at, now()), last_listed_at = now()
    WHERE id = ${attemptId} AND state = 'unknown'
    RETURNING clean_listings AS count, (extract(epoch FROM now() - first_clean_at) * 1000)::float8 AS "spanMs"`;
  return recorded;
}

/** A listing that counts for nothing (too early), for people who look into the journal. */
export async function noteListing(database: Database, attemptId: string): Promise<void> {
  await database.$executeRaw`UPDATE submit_attempt SET last_listed_at = now() WHERE id = ${attemptId} AND state = 'unknown'`;
}
