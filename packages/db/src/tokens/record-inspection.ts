/** What the upstream says of an account. */
import type { AccountInspection } from '@reelay/contracts/provider';
import type { Database, Queryable, Transaction } from '../client.js';
import { Prisma } from '../generated/prisma/client.js';
import { inTransaction } from '../transaction.js';
import { applyTokenEvent } from './apply-token-event.js';

/** Taken before the upstream is asked: what it answers may be older than what has happened to the account meanwhile. */
export interface InspectionStart {
  /** By the database's clock. */
  at: Date;
  /** Attempts for videos that were acknowledged already. */
  acked: readonly string[];
  /** By what it is told whether the account became due anew meanwhile; undefined where that cannot be. */
  mark: string | undefined;
}

const mark = Prisma.sql`concat_ws('/', inspected_at::text, inspect_not_before::text)`;

export async function beginInspection(database: Queryable, id: string): Promise<InspectionStart> {
  const [start] = await database.$queryRaw<InspectionStart[]>`
    SELECT clock_timestamp() AS at, coalesce(
      (SELECT array_agg(id) FROM submit_attempt WHERE token_id = ${id} AND state = 'acked' AND takes_turn), '{}') AS acked,
      coalesce((SELECT ${mark} FROM token WHERE id = ${id}), '') AS mark`;
  if (!start) throw new Error('Postgres answered a question for its clock with nothing.');
  return start;
}

/**
 * Null leaves plan, Sora 2 and username as they were known; quota is replaced, because an old number says nothing. An identity or a label that
 * was only read from the access token gives way to the true one, unless another row has that identity already. Without `start` nothing
 * can have happened to the account meanwhile.
 */
export async function recordInspection(
  database: Database,
  id: string,
  inspection: AccountInspection,
  start?: InspectionStart,
): Promise<void> {
  const { identity, label, plan, sora2, resetsAt, username = null, subscriptionEndsAt = null } = inspection;
  await inTransaction(database, async (tx) => {
    const remaining = start ? await lessWhatWasTaken(tx, id, inspection.remaining, start) : inspection.remaining;
    await applyTokenEvent(tx, id, { type: 'inspected', remaining, resetsAt });
    await tx.$executeRaw`
      UPDATE token SET
        plan = coalesce(${plan}, plan), sora2 = coalesce(${sora2}::boolean, sora2), username = coalesce(${username}, username),
        -- Asked with the plan: where that is known, no end means that there is none.
        subscription_ends_at = coalesce(
          ${subscriptionEndsAt === null ? null : new Date(subscriptionEndsAt)}::timestamptz,
          CASE WHEN ${plan}::text IS NULL THEN subscription_ends_at END),
        label = CASE WHEN label = identity THEN ${label} ELSE label END,
        identity = CASE WHEN EXISTS (
          SELECT FROM token AS other WHERE other.provider = token.provider AND other.target = token.target
            AND other.identity = ${identity} AND other.id <> token.id AND other.hidden_at IS NULL
        ) THEN identity ELSE ${identity} END,
        -- A rest that ended while the upstream was asked makes the answer an old one.
        inspected_at = CASE WHEN ${start?.mark === undefined} OR inspected_at IS NOT NULL OR ${mark} = ${start?.mark ?? ''}
          THEN coalesce(${start?.at ?? null}::timestamptz, now()) END,
        inspect_not_before = NULL, updated_at = now()
      WHERE id = ${id}`;
  });
}

/**
 * Videos the upstream has taken since it was asked may or may not be missing from its number. It must not raise the one that they
 * have lowered, and is believed where it is less. The next inspection, which follows those videos, brings the true one.
 */
async function lessWhatWasTaken(
  tx: Transaction,
  id: string,
  said: number | null,
  start: InspectionStart,
): Promise<number | null> {
  if (said === null) return null;
  // Locked first: an acknowledgement is committed by then and counted, or comes after us and lowers the new number.
  const [token] = await tx.$queryRaw<{ remaining: number | null }[]>`
    SELECT remaining FROM token WHERE id = ${id} FOR NO KEY UPDATE`;
  const [since] = await tx.$queryRaw<{ taken: number }[]>`
    SELECT count(*)::integer AS taken FROM submit_attempt AS attempt JOIN generation ON generation.id = attempt.generation_id
    WHERE attempt.token_id = ${id} AND takes_turn AND generation.kind = 'video' AND attempt.id <> ALL(${[...start.acked]}::text[])
      AND (attempt.state = 'acked' OR (attempt.state = 'ended' AND closed_at >= ${start.at}::timestamptz))`;
  const taken = since?.taken ?? 0;
  return taken === 0 ? said : Math.min(said, Math.max(0, token?.remaining ?? 0, said - taken));
}
