/** Rows that are only kept for a while, deleted in portions so that no statement runs long. */
import type { Database } from '../client.js';

const keptDays = 7;
const portion = 5_000;

/** True when there is more to delete. */
export async function deleteExpired(database: Database): Promise<boolean> {
  const calls = await database.$executeRaw`
    DELETE FROM upstream_call WHERE id IN (
      SELECT id FROM upstream_call WHERE created_at < now() - ${keptDays} * interval '1 day' ORDER BY created_at LIMIT ${portion})`;
  const keys = await database.$executeRaw`
    DELETE FROM idempotency WHERE (owner_id, key) IN (
      SELECT owner_id, key FROM idempotency WHERE expires_at < now() LIMIT ${portion})`;
  // The end of a generation stays for ever on its row and as its last event; the steps on the way are nobody's concern any more.
  const events = await database.$executeRaw`
    DELETE FROM generation_event WHERE (generation_id, seq) IN (
      SELECT generation_id, event.seq FROM generation_event AS event JOIN generation ON generation.id = generation_id
      WHERE completed_at < now() - ${keptDays} * interval '1 day' AND event.type = 'generation.progressed' LIMIT ${portion})`;
  return calls === portion || keys === portion || events === portion;
}
