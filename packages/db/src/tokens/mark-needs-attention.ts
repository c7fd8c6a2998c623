/** Takes an account out of service until a person gives it a new credential. */
import type { Queryable } from '../client.js';

/** Only for the credential that was found unusable, and never over a person's own decision. True when this call did it. */
export async function markNeedsAttention(
  database: Queryable,
  { id, version, reason }: { id: string; version: number; reason: string },
): Promise<boolean> {
  const marked = await database.$executeRaw`
    UPDATE token SET state = 'needs_attention', state_reason = ${reason}, updated_at = now()
    WHERE id = ${id} AND credential_version = ${version} AND state = 'active'`;
  return marked === 1;
}
