import type { Database } from '../client.js';
import { repeatIfAsked } from '../transaction.js';
import { type Acceptance, type AcceptGeneration, acceptGeneration } from './accept-generation.js';

/**
 * Acceptance of one generation, outside of any transaction: its statement leaves all or nothing, so what Postgres asks to repeat is repeated.
 *
 * @throws AppError `invalid_reference`; nothing was written
 */
export async function acceptAlone(database: Database, accept: AcceptGeneration): Promise<Acceptance> {
  return repeatIfAsked(() => acceptGeneration(database, accept));
}
