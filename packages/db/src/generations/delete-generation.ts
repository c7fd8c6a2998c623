/**
 * Deleting: what a client said and what was made of it goes at once. Its row stays, bare, for as long as the upstream may have something of
 * it: by it the task is polled to its end, keeps its slot, and is known for ours. `remove-deleted.ts` takes it away afterwards.
 */
import type { StoredError } from '@reelay/contracts/errors';
import { loosenAssets } from '../assets/loose-files.js';
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';
import { forgetGeneration } from '../webhooks/note-generation-end.js';
import { type Cancellation, cancelLocked, type OwnGeneration } from './cancel-generation.js';
import { lockOwnGeneration } from './lock-generation.js';

export interface Deletion extends Cancellation {
  /** Keys of files that nothing refers to any more; a timer removes what the caller does not. */
  files: string[];
}

/** Undefined when there is none, or it is somebody else's, or was deleted before. */
export async function deleteGeneration(database: Database, own: OwnGeneration): Promise<Deletion | undefined> {
  return inTransaction(database, async (tx) => {
    const generation = await lockOwnGeneration(tx, own);
    if (!generation) return undefined;
    const cancellation = await cancelLocked(tx, generation);
    await bareGeneration(tx, own.id);
    await bareAttempts(tx, own.id);
    // Of the end only a cancellation says nothing of the content; whoever still waits for it is told that.
    await tx.$executeRaw`
      DELETE FROM generation_event
      WHERE generation_id = ${own.id} AND type IN ('generation.succeeded', 'generation.failed')`;
    await tx.$executeRaw`DELETE FROM upstream_call WHERE generation_id = ${own.id}`;
    await forgetGeneration(tx, own.id);
    if (generation.state === 'failed') await forgetReason(tx, own.id);
    return { ...cancellation, files: await loosenAssets(tx, own.id) };
  });
}

const deleted = { code: 'cancelled', message: 'The generation was deleted.' } as const satisfies StoredError;

/** Of the request only what plans the steps of its workflow is left: a submit of unknown outcome is still to be found. */
async function bareGeneration(tx: Transaction, id: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE generation SET
      deleted_at = now(), request_hash = '', attachable = 0, waiter = NULL,
      request = jsonb_strip_nulls(jsonb_build_object(
        'kind', request -> 'kind', 'workflow', request -> 'workflow', 'model', request -> 'model', 'prompt', '', 'references', '[]'::jsonb,
        'orientation', request -> 'orientation', 'seconds', request -> 'seconds', 'frames', request -> 'frames',
        'upstream', request -> 'upstream',
        'parent', CASE WHEN request ? 'parent' THEN jsonb_build_object('type', request -> 'parent' -> 'type', 'id', '') END)),
      result = CASE WHEN result IS NOT NULL THEN '{"media": []}'::jsonb END,
      error = CASE WHEN error IS NOT NULL THEN ${JSON.stringify(deleted)}::jsonb END,
      last_refusal = NULL, media_sources = NULL, extras = NULL,
      prepared = CASE WHEN is_looked_for THEN prepared END, carried = CASE WHEN is_looked_for THEN carried END
    FROM (
      SELECT EXISTS (
        -- Elimination compares ids alone.
        SELECT FROM submit_attempt WHERE generation_id = ${id} AND state IN ('sent', 'unknown') AND NOT takes_turn
      ) AS is_looked_for
    ) AS attempts
    WHERE id = ${id}`;
}

/**
 * An upstream's reason may quote what it refused. It waits to be summed up first, and then stands with the errors of its day; whoever is
 * just summing up holds the first until the second is there.
 */
async function forgetReason(tx: Transaction, id: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE statistics_booking SET error_message = NULL WHERE generation_id = ${id} AND error_message IS NOT NULL`;
  await tx.$executeRaw`UPDATE statistics_error SET last_message = '' WHERE last_generation_id = ${id}`;
}

/**
 * What the upstream said is only needed of a task that is still asked for; the ids tell it from a stranger's. What a task was to be looked
 * for by goes with the last one that is. The generation must be locked.
 */
export async function bareAttempts(tx: Transaction, generationId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE submit_attempt SET operation = NULL, reason = NULL
    WHERE generation_id = ${generationId} AND closed_at IS NOT NULL AND (operation IS NOT NULL OR reason IS NOT NULL)`;
  await tx.$executeRaw`
    UPDATE generation SET prepared = NULL, carried = NULL
    WHERE id = ${generationId} AND (prepared IS NOT NULL OR carried IS NOT NULL)
      AND NOT EXISTS (SELECT FROM submit_attempt WHERE generation_id = ${generationId} AND closed_at IS NULL)`;
}
