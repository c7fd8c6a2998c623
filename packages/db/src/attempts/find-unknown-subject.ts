/** What resolving a submit of unknown outcome needs to know of its generation; too much to read with every poll. */
import { type GenerationRequest, generationRequestSchema } from '@reelay/contracts/generation-request';
import type { Json } from '@reelay/contracts/provider';
import type { Database } from '../client.js';

export interface UnknownSubject {
  request: GenerationRequest;
  /** What was prepared for the submit; null when it is gone. */
  prepared: Json;
  carried: Json;
}

/** Undefined when the attempt is not `unknown` any more. */
export async function findUnknownSubject(database: Database, attemptId: string): Promise<UnknownSubject | undefined> {
  const [row] = await database.$queryRaw<{ request: unknown; prepared: Json; carried: Json }[]>`
    SELECT request, carried, CASE WHEN generation.step = attempt.step AND generation.fence = attempt.fence THEN prepared END AS prepared
    FROM submit_attempt AS attempt JOIN generation ON generation.id = attempt.generation_id
    WHERE attempt.id = ${attemptId} AND attempt.state = 'unknown'`;
  return row && { ...row, request: generationRequestSchema.parse(row.request) };
}
