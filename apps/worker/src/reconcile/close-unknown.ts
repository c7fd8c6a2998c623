/** How the reconciliation of an unknown submit ends, whatever the way in which it was sought: for the journal, the log and the bells. */
import type { Submitted } from '@reelay/contracts/provider';
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { closeAbsent, closeLost, closeResubmitted } from '@reelay/db/attempts/close-unknown';
import type { PolledAttempt, PolledToken } from '@reelay/db/attempts/find-open-attempts';
import type { Withdrawal } from '@reelay/db/attempts/withdraw-attempt';
import { newUlid } from '@reelay/platform/ulid';
import { announce, ringDispatch } from '../announce.js';
import { maximumTaskMs } from '../polling/maximum-task-time.js';
import type { PollRound } from '../polling/poll-acked.js';
import type { OpenWork } from '../polling/poll-interval.js';

export interface Reconciliation extends PollRound {
  token: PolledToken;
  attempt: PolledAttempt;
}

/** The task is there. Undefined when somebody else moved the attempt or owns the task by now; the next round reads it. */
export async function adopt(
  { parts, account, attempt, context }: Reconciliation,
  { operation, litter = [] }: Submitted,
): Promise<OpenWork[] | undefined> {
  const { tokenId } = account;
  const { id: attemptId, generationId } = attempt;
  const { outcome, events } = await acknowledgeSubmit(parts.database, {
    ...{ attemptId, generationId, tokenId, operation, from: ['unknown'], litterId: newUlid() },
    litter: litter.map((note) => ({ ...note, id: newUlid() })),
  });
  if (outcome !== 'acked') return undefined;
  const fields = { attemptId, generationId, tokenId, operationId: operation.id };
  context.log.info(fields, 'unknown submit found upstream and adopted');
  await announce(parts, events);
  return [{ kind: 'rendering', sinceMs: 0, progress: 0 }];
}

/** It is not there, or it does not matter (`freely`): the step is submitted again. */
export async function giveBack(
  reconciliation: Reconciliation,
  reason: string,
  repeats: 'when proven absent' | 'freely' = 'when proven absent',
): Promise<OpenWork[]> {
  const { parts, account, attempt, settings, context } = reconciliation;
  const { id: attemptId, generationId, fence } = attempt;
  const limit = repeats === 'freely' ? {} : { maximumAbsences: settings['submit.maximumAbsences'] };
  const withdrawal = await closeAbsent(parts.database, { attemptId, generationId, fence, reason, ...limit });
  if (withdrawal.wasClosed) {
    context.log.warn({ attemptId, generationId, tokenId: account.tokenId, reason }, 'unknown submit closed as absent');
  }
  return afterClosing(reconciliation, withdrawal);
}

/** Nothing can be proven: the generation fails rather than be paid for twice. */
export async function lose(reconciliation: Reconciliation, reason: string): Promise<OpenWork[]> {
  const { parts, account, attempt, settings, context } = reconciliation;
  const { id: attemptId, generationId, fence, takesTurn, generation } = attempt;
  const withdrawal = await closeLost(parts.database, {
    ...{ attemptId, generationId, fence, reason },
    maximumTaskMs: maximumTaskMs(settings, { ...generation, takesTurn }),
  });
  if (withdrawal.wasClosed) {
    const fields = { attemptId, generationId, tokenId: account.tokenId, reason };
    context.log.error(fields, 'unknown submit lost, its slot stays held');
  }
  return afterClosing(reconciliation, withdrawal);
}

/** Nothing can be proven, and the operator of this target wants lost work repeated rather than failed: once per step. */
export async function sendOnceMore(reconciliation: Reconciliation): Promise<OpenWork[]> {
  const { parts, account, attempt, context } = reconciliation;
  const { id: attemptId, generationId, fence } = attempt;
  const withdrawal = await closeResubmitted(parts.database, { attemptId, generationId, fence });
  if (withdrawal.wasClosed) {
    const fields = { attemptId, generationId, tokenId: account.tokenId, target: account.target.name };
    context.log.error(fields, 'unknown submit lost, dealt with as the target’s policy resubmit_once says');
  }
  return afterClosing(reconciliation, withdrawal);
}

async function afterClosing({ parts }: Reconciliation, { events }: Withdrawal): Promise<OpenWork[]> {
  await announce(parts, events);
  await ringDispatch(parts);
  return [];
}
