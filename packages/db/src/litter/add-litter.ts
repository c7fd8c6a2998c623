/** Something of ours is left upstream: to be removed by `cleanUp` where a time to try is given, else only to be accounted for. */
import type { Json } from '@reelay/contracts/provider';
import type { Queryable } from '../client.js';

export interface Litter {
  id: string;
  tokenId: string;
  attemptId?: string;
  kind: string;
  reference: Json;
  /** Undefined: nothing can be removed, the row only counts it. */
  firstTryInMs?: number;
}

/** Its attempt is left out where that is gone, with a generation that was deleted. */
export async function addLitter(database: Queryable, litter: Litter): Promise<void> {
  await database.$executeRaw`
    INSERT INTO upstream_litter (id, token_id, attempt_id, kind, reference, next_try_at)
    VALUES (${litter.id}, ${litter.tokenId}, (SELECT id FROM submit_attempt WHERE id = ${litter.attemptId ?? null}), ${litter.kind}, ${JSON.stringify(litter.reference)}::jsonb,
      now() + ${litter.firstTryInMs ?? null}::float8 * interval '1 millisecond')`;
}
