/** What a finish job needs: where the media are and which account they are fetched with. */
import type { GenerationState, Stage } from '@reelay/contracts/domain';
import type { MediaSource, Operation } from '@reelay/contracts/provider';
import { routeKey } from '../attempts/route-key.js';
import type { Database } from '../client.js';
import { queryDriver } from '../driver.js';
import { Prisma } from '../generated/prisma/client.js';
import { type ResultExtras, readResultExtras } from './result-extras.js';

export interface FinishSubject {
  generationId: string;
  ownerId: string;
  state: GenerationState;
  stage: Stage;
  sources: MediaSource[];
  /** What is delivered besides media. */
  extras: ResultExtras;
  /** Failed fetches so far. */
  tries: number;
  /** The attempt that made it. */
  attemptId: string;
  /** Names the proxy it left through, see `route-key.ts`. */
  routeKey: string;
  operation: Operation;
  provider: string;
  tokenId: string;
  target: string;
}

/** Undefined when nothing was ever finished upstream for this generation. */
export async function findFinishSubject(database: Database, generationId: string): Promise<FinishSubject | undefined> {
  const [row] = await queryDriver<Omit<FinishSubject, 'extras'> & { extras: unknown }>(
    database,
    Prisma.sql`
    SELECT generation.id AS "generationId", owner_id AS "ownerId", generation.state, stage,
      coalesce(media_sources, '[]') AS sources, extras, finish_tries AS tries,
      attempt.id AS "attemptId", ${routeKey} AS "routeKey", operation, attempt.provider, attempt.token_id AS "tokenId", target
    FROM generation
    JOIN submit_attempt AS attempt ON attempt.generation_id = generation.id AND attempt.step = generation.step
      AND attempt.state = 'ended'
    JOIN token ON token.id = attempt.token_id
    WHERE generation.id = ${generationId}
    ORDER BY n DESC LIMIT 1`,
  );
  return row && { ...row, extras: readResultExtras(row.extras) };
}
