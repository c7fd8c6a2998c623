/** What the upstream says of an account, and which accounts were not asked for too long. */
import type { AccountInspection } from '@reelay/contracts/provider';
import type { Database, Queryable } from '../client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';

/**
 * Null leaves plan and Sora 2 as they were known; quota is replaced, because an old number says nothing. An identity or a label that
 * was only read from the access token gives way to the true one, unless another row has that identity already.
 */
export async function recordInspection(database: Database, id: string, inspection: AccountInspection): Promise<void> {
  const { identity, label, plan, sora2, remaining, resetsAt } = inspection;
  await inTransaction(database, async (tx) => {
    await applyTokenEvent(tx, id, { type: 'inspected', remaining, resetsAt });
    await tx.$executeRaw`
      UPDATE token SET
        plan = coalesce(${plan}, plan), sora2 = coalesce(${sora2}::boolean, sora2),
        label = CASE WHEN label = identity THEN ${label} ELSE label END,
        identity = CASE WHEN EXISTS (
          SELECT FROM token AS other WHERE other.provider = token.provider AND other.target = token.target
            AND other.identity = ${identity} AND other.id <> token.id AND other.hidden_at IS NULL
        ) THEN identity ELSE ${identity} END,
        inspected_at = now(), updated_at = now()
      WHERE id = ${id}`;
  });
}

/** Accounts in service that were never inspected or not for `olderThanMs`, the longest ago first. */
export async function findUninspected(
  database: Queryable,
  find: { targets: readonly string[]; olderThanMs: number; limit: number; exceptIds: readonly string[] },
): Promise<string[]> {
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT id FROM token
    WHERE hidden_at IS NULL AND state = 'active' AND target = ANY(${[...find.targets]}::text[])
      AND coalesce(inspected_at < now() - ${find.olderThanMs}::float8 * interval '1 millisecond', true)
      AND id <> ALL(${[...find.exceptIds]}::text[])
    ORDER BY inspected_at NULLS FIRST, id LIMIT ${find.limit}`;
  return rows.map(({ id }) => id);
}
