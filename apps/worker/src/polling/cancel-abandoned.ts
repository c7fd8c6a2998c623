/** Tells the upstream of tasks whose generations have ended that nobody waits for them any more, where it can be told. */
import { isTerminal } from '@reelay/contracts/domain';
import { claimCancels, noteCancelled } from '@reelay/db/attempts/claim-cancels';
import { Deadline } from '@reelay/platform/deadline';
import { describeFailure } from '../submit/decide-submit-outcome.js';
import { callContext } from '../upstream/account.js';
import type { PollRound } from './poll-acked.js';
import type { AckedAttempt } from './sort-outcomes.js';

/** An upstream that hangs must not keep the others of its account from being polled. */
const patienceMs = 10_000;

/** Never fails: what becomes of the task is polled all the same, and its slot is held until it is over there. */
export async function cancelAbandoned(round: PollRound, attempts: readonly AckedAttempt[]): Promise<void> {
  const { parts, account } = round;
  const { provider } = account;
  if (!provider.declaration.canCancel || !provider.cancel) return;
  const abandoned = attempts.filter((attempt) => isTerminal(attempt.generation.state));
  if (abandoned.length === 0) return;
  const claimed = await claimCancels(
    parts.database,
    abandoned.map(({ id }) => id),
  );
  await Promise.all(abandoned.filter(({ id }) => claimed.has(id)).map((attempt) => cancelOne(round, attempt)));
}

async function cancelOne(
  { parts, account, settings, context }: PollRound,
  { id: attemptId, generationId, operation }: AckedAttempt,
): Promise<void> {
  const deadline = new Deadline({ timeoutMs: patienceMs, signals: [context.signal] });
  const purpose = { operation: 'cancel', generationId, attemptId, signal: deadline.signal, settings };
  const fields = { attemptId, generationId, tokenId: account.tokenId };
  try {
    await account.provider.cancel?.(operation, callContext(parts, account, purpose));
    await noteCancelled(parts.database, attemptId);
    context.log.info(fields, 'task cancelled upstream');
  } catch (error) {
    context.log.warn({ ...fields, reason: describeFailure(error) }, 'task not cancelled upstream, it runs to its end');
  } finally {
    deadline.clear();
  }
}
