/** Which jobs should exist, told from the rows alone: after a flush of Redis this is how everything comes back. */
import type { Database } from '../client.js';

export interface MissingJobs {
  /** Assigned generations whose submit is not accepted yet. */
  run: string[];
  /** Tokens with attempts that are or may be upstream. */
  poll: string[];
  /** Generations whose media are to be fetched. */
  finish: string[];
  /** Whether anything waits for a token. */
  isWaiting: boolean;
}

export async function findMissingJobs(database: Database): Promise<MissingJobs> {
  const [row] = await database.$queryRaw<[MissingJobs]>`
    SELECT
      ARRAY(SELECT id FROM generation
        WHERE state = 'queued' AND token_id IS NOT NULL AND coalesce(not_before <= now(), true)) AS run,
      ARRAY(SELECT DISTINCT token_id FROM submit_attempt WHERE state IN ('sent', 'acked', 'unknown')) AS poll,
      ARRAY(SELECT id FROM generation WHERE state = 'running' AND stage = 'fetching') AS finish,
      EXISTS (SELECT FROM generation WHERE state = 'queued' AND token_id IS NULL) AS "isWaiting"`;
  return row;
}
