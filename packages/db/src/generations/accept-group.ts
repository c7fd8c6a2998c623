/** Acceptance of several generations of one request: all of them are rows after it, or none. */
import type { Database, Transaction } from '../client.js';
import { inTransaction } from '../transaction.js';
import { type Acceptance, type AcceptGeneration, acceptGeneration } from './accept-generation.js';

export type Group = readonly [AcceptGeneration, ...AcceptGeneration[]];

/**
 * The first stands for the group: its id names it, and by its row alone (waiter, attachable) the request is known again, as it is by its
 * Idempotency-Key. So only the first brings one.
 *
 * @throws AppError `invalid_reference`; nothing was written
 */
export async function acceptGroup(database: Database, accepts: Group): Promise<Acceptance> {
  try {
    await inTransaction(database, async (tx) => {
      await admitAlone(tx, accepts);
      for (const accept of accepts) {
        const acceptance = await acceptGeneration(tx, accept);
        if (acceptance.outcome !== 'accepted') throw new NotAccepted(acceptance);
      }
      await bindTogether(tx, accepts);
    });
    return { outcome: 'accepted' };
  } catch (error) {
    if (error instanceof NotAccepted) return error.acceptance;
    throw error;
  }
}

/**
 * `admit_generation` lets accepts pass each other far from a limit, for together they bring no more unseen generations than the server has
 * connections. Of groups, which bring several, there is one under way at a time, so that this still holds: a few connections are always
 * somebody else's. And where a limit is near it takes the locks before it shares them, in the order in which accepts take them: no single
 * accept and group can then wait for each other.
 */
async function admitAlone(tx: Transaction, [{ apiKeyId, limits }, ...others]: Group): Promise<void> {
  if (!limits) return;
  // In line behind other groups; within the time that a statement has.
  await tx.$queryRaw`SELECT set_config('lock_timeout', '8s', true)`;
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended('admission of groups', 0))::text`;
  for (const key of apiKeyId === null ? [null] : [apiKeyId, null]) {
    await tx.$queryRaw`
      SELECT CASE WHEN count_open_generations(${key}::text, most) + ${others.length} + 2 * most_unseen_admissions() >= most
        THEN pg_advisory_xact_lock(hashtextextended('admission ' || coalesce(${key}::text, ''), 0))::text END
      FROM (
        SELECT CASE WHEN ${key}::text IS NULL THEN ${limits.open}::integer
          ELSE coalesce((SELECT queued_limit FROM api_key WHERE id = ${key}::text), ${limits.openPerKey}::integer) END AS most
      ) AS allowed`;
  }
}

async function bindTogether(tx: Transaction, [first, ...others]: Group) {
  const ids = [first, ...others].map(({ id }) => id);
  await tx.$executeRaw`
    UPDATE generation SET group_id = ${first.id}, waiter = CASE WHEN id = ${first.id} THEN waiter END
    WHERE id = ANY(${ids}::text[])`;
}

/** Undoes what was written for those before it. */
class NotAccepted extends Error {
  override readonly name = 'NotAccepted';

  constructor(readonly acceptance: Exclude<Acceptance, { outcome: 'accepted' }>) {
    super('One of the group was not accepted');
  }
}
