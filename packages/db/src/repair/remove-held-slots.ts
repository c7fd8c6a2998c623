/** Slots that stayed held after a lost unknown submit are free once the upstream cannot be rendering for it any more. */
import type { Database } from '../client.js';

/** How many were freed. */
export async function removeHeldSlots(database: Database): Promise<number> {
  return database.$executeRaw`DELETE FROM token_slot WHERE free_at <= now()`;
}
