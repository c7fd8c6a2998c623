/** Deleting an account: it gets no more work, and what it has begun goes on to its end. */
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';

/** False when there is no such account (any more). */
export async function hideToken(database: Database, id: string): Promise<boolean> {
  return inTransaction(database, async (tx) => {
    const hidden = await tx.$executeRaw`
      UPDATE token SET hidden_at = now(), updated_at = now() WHERE id = ${id} AND hidden_at IS NULL`;
    if (hidden === 1) await applyTokenEvent(tx, id, { type: 'deleted' });
    return hidden === 1;
  });
}

/** Drops the secrets of deleted accounts that nothing needs any more: no open attempt, nothing to clean up. Returns how many. */
export async function forgetHiddenSecrets(database: Queryable): Promise<number> {
  return database.$executeRaw`
    UPDATE token SET access_token_sealed = '', session_token_sealed = NULL, refresh_token_sealed = NULL, proxy_sealed = NULL,
      updated_at = now()
    WHERE hidden_at IS NOT NULL AND access_token_sealed <> ''
      AND NOT EXISTS (SELECT FROM submit_attempt WHERE token_id = token.id AND state IN ('intent', 'sent', 'acked', 'unknown'))
      -- Its media are still being fetched, and fresh addresses may have to be asked for.
      AND NOT EXISTS (SELECT FROM generation WHERE token_id = token.id AND state = 'running')
      AND NOT EXISTS (
        SELECT FROM upstream_litter WHERE token_id = token.id AND done_at IS NULL AND (next_try_at IS NOT NULL OR awaits_end))`;
}
