/** The bare rows of deleted generations go when nothing upstream belongs to them any more. What was used stays booked. */
import type { Database, Transaction } from '../client.js';
import { bareAttempts } from '../generations/delete-generation.js';
import { lockGeneration } from '../generations/lock-generation.js';
import { inTransaction } from '../transaction.js';

export interface RemoveDeleted {
  /**
   * After the last attempt was closed its row is kept so long: until then a list may still show its task for the first time, which must
   * not be taken for another one's.
   */
  graceMs: number;
  limit: number;
}

/** How many were removed. */
export async function removeDeleted(database: Database, { graceMs, limit }: RemoveDeleted): Promise<number> {
  await bareClosed(database, limit);
  const due = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation
    WHERE deleted_at <= now() - ${graceMs}::float8 * interval '1 millisecond'
      AND NOT EXISTS (
        SELECT FROM submit_attempt AS attempt LEFT JOIN token_slot ON token_slot.attempt_id = attempt.id
        WHERE attempt.generation_id = generation.id
          AND (closed_at IS NULL OR closed_at > now() - ${graceMs}::float8 * interval '1 millisecond' OR token_slot.attempt_id IS NOT NULL))
      -- It is removed by the way out of the attempt that left it.
      AND NOT EXISTS (
        SELECT FROM submit_attempt AS attempt JOIN upstream_litter AS litter ON litter.attempt_id = attempt.id
        WHERE attempt.generation_id = generation.id AND done_at IS NULL AND (next_try_at IS NOT NULL OR awaits_end))
      -- A request that was sent twice must not be made anew because its answer was deleted in between.
      AND NOT EXISTS (SELECT FROM idempotency WHERE generation_id = generation.id AND expires_at > now())
      -- A submit that was unresolved when this task showed on a list must not be taken for it, however long its lists cannot be read.
      AND NOT EXISTS (
        SELECT FROM submit_attempt AS attempt JOIN submit_attempt AS doubted ON doubted.token_id = attempt.token_id
        WHERE attempt.generation_id = generation.id AND doubted.takes_turn AND doubted.state IN ('sent', 'unknown')
          AND doubted.sent_at < attempt.closed_at + ${graceMs}::float8 * interval '1 millisecond')
    ORDER BY deleted_at LIMIT ${limit}`;
  return eachAlone(due, ({ id }) => inTransaction(database, (tx) => removeOne(tx, id)));
}

/** One that cannot be changed just now keeps nobody else waiting. How many were; throws the first reason when all have been tried. */
async function eachAlone<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<number> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return items.length;
}

/** What an upstream said of a task that was over only after its generation was deleted. */
async function bareClosed(database: Database, limit: number): Promise<void> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT generation.id FROM generation JOIN submit_attempt AS attempt ON attempt.generation_id = generation.id
    WHERE deleted_at IS NOT NULL AND closed_at IS NOT NULL AND (operation IS NOT NULL OR attempt.reason IS NOT NULL) LIMIT ${limit}`;
  await eachAlone(rows, ({ id }) =>
    inTransaction(database, async (tx) => {
      await lockGeneration(tx, id);
      await bareAttempts(tx, id);
    }),
  );
}

/** Nothing that was decided above can change back: an attempt is not opened again, and no litter is left by a closed one. */
async function removeOne(tx: Transaction, id: string): Promise<void> {
  await lockGeneration(tx, id);
  // Given up at the longest time a task may take, it may turn up on a list all the same; it stays known for ours.
  await tx.$executeRaw`
    INSERT INTO upstream_litter (id, token_id, kind, reference)
    SELECT 'deleted-' || id, token_id, 'late_answer', jsonb_build_object('operationId', operation_id)
    FROM submit_attempt WHERE generation_id = ${id} AND state = 'lost' AND operation_id IS NOT NULL
    ON CONFLICT DO NOTHING`;
  await tx.$executeRaw`
    UPDATE upstream_litter SET attempt_id = NULL
    FROM submit_attempt AS attempt WHERE attempt.id = upstream_litter.attempt_id AND attempt.generation_id = ${id}`;
  await tx.$executeRaw`DELETE FROM submit_attempt WHERE generation_id = ${id}`;
  await tx.$executeRaw`DELETE FROM upstream_call WHERE generation_id = ${id}`;
  await tx.$executeRaw`DELETE FROM generation WHERE id = ${id}`;
}
