/** Litter is worked off until it is gone, however its generation ended. Taking a row moves its next try, so nobody takes it twice. */
import type { Json } from '@reelay/contracts/provider';
import { routeKey } from '../attempts/route-key.js';
import type { Database } from '../client.js';

export interface DueLitter {
  id: string;
  tokenId: string;
  provider: string;
  target: string;
  /** The attempt that left it and its way out, which is used again; null where none is known. */
  attemptId: string | null;
  routeKey: string;
  kind: string;
  reference: Json;
  /** This try included. */
  tries: number;
}

/** Takes up to `limit` rows that are due; each is due again after a pause that doubles, up to an hour. */
export async function takeDueLitter(database: Database, limit: number): Promise<DueLitter[]> {
  return database.$queryRaw<DueLitter[]>`
    WITH due AS (
      SELECT id, attempt_id FROM upstream_litter WHERE done_at IS NULL AND next_try_at <= now()
      ORDER BY next_try_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    )
    UPDATE upstream_litter AS litter SET
      tries = tries + 1, next_try_at = now() + least(interval '1 hour', interval '30 seconds' * 2 ^ least(tries, 10))
    FROM due LEFT JOIN submit_attempt AS attempt ON attempt.id = due.attempt_id, token
    WHERE litter.id = due.id AND token.id = litter.token_id
    RETURNING litter.id, litter.token_id AS "tokenId", token.provider, target, litter.attempt_id AS "attemptId",
      ${routeKey} AS "routeKey", kind, reference, tries`;
}

export async function finishLitter(database: Database, litterId: string): Promise<void> {
  await database.$executeRaw`
    UPDATE upstream_litter SET done_at = now(), next_try_at = NULL, last_error = NULL WHERE id = ${litterId}`;
}

export async function noteLitterError(database: Database, litterId: string, error: string): Promise<void> {
  await database.$executeRaw`UPDATE upstream_litter SET last_error = ${error} WHERE id = ${litterId}`;
}

/** It stays on record with its last error, and is not tried again. */
export async function giveUpLitter(database: Database, litterId: string): Promise<void> {
  await database.$executeRaw`UPDATE upstream_litter SET next_try_at = NULL WHERE id = ${litterId}`;
}
