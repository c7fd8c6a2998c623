/** The middle of a run: prepare, prove, send once, store what the upstream said. */
import type { Operation } from '@reelay/contracts/provider';
import { findTurn } from '@reelay/db/attempts/find-turn';
import { moveAssigned, storePrepared } from '@reelay/db/generations/move-assigned';
import type { JobResult } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
import { announce } from '../announce.js';
import { type Account, callContext, openAccount } from '../upstream/account.js';
import { settleFailure } from './settle-failure.js';
import { storeAnswer } from './store-answer.js';
import type { SubmitJob } from './submit-job.js';
import { SubmitJournal, TurnNotReached } from './submit-journal.js';

/** Another run or assignment was faster, or the generation has ended: nothing of what is under way here may be written. */
class Superseded extends Error {}

export async function submitAttempt(job: SubmitJob): Promise<JobResult> {
  let account: Account | undefined;
  let journal: SubmitJournal | undefined;
  let operation: Operation;
  try {
    account = await openAccount(job.parts, { ...job.subject, tokenId: job.attempt.tokenId, target: targetOf(job) });
    await stopWhileUnknown(job);
    const prepared = await prepareOnce(job, account);
    await enterStage(job, 'submitting');
    journal = openJournal(job, account);
    operation = await account.provider.submit(job.subject.request, prepared, {
      ...contextOf(job, account, 'submit'),
      beforeSend: journal.beforeSend,
      submitTimeoutMs: job.settings['submit.timeoutMs'],
    });
    if (!journal.isSent) throw new Error('the provider answered a submit without asking for permission to send it');
  } catch (error) {
    if (error instanceof Superseded) return undefined;
    return settleFailure(job, {
      error: journal?.failure ?? error,
      isSent: journal?.isSent ?? false,
      credentialVersion: account?.credential.version,
    });
  }
  crashPoint('run.after-answer');
  return storeAnswer(job, operation);
}

function targetOf({ subject }: SubmitJob): string {
  return subject.token?.target ?? '';
}

/** A proof is expensive, and an unknown submit holds the token's turn for a minute or more. */
async function stopWhileUnknown({ parts, attempt }: SubmitJob): Promise<void> {
  if (!attempt.takesTurn) return;
  const { heldBy } = await findTurn(parts.database, attempt.tokenId);
  if (heldBy === 'unknown') throw new TurnNotReached('unknown');
}

async function prepareOnce(job: SubmitJob, account: Account) {
  const { subject, parts } = job;
  if (subject.prepared !== null) return subject.prepared;
  if (subject.stage === 'waiting') await enterStage(job, 'preparing');
  const prepared = await account.provider.prepare(subject.request, contextOf(job, account, 'prepare'));
  if (!(await storePrepared(parts.database, subject, prepared))) throw new Superseded();
  return prepared;
}

async function enterStage({ parts, subject }: SubmitJob, stage: 'preparing' | 'submitting'): Promise<void> {
  const { isCurrent, events } = await moveAssigned(parts.database, subject, stage);
  if (!isCurrent) throw new Superseded();
  await announce(parts, events);
}

function openJournal(job: SubmitJob, account: Account): SubmitJournal {
  const { parts, attempt, settings, signal } = job;
  const context = contextOf(job, account, 'list');
  return new SubmitJournal(parts, { attempt, provider: account.provider, context, settings, signal });
}

function contextOf({ parts, attempt, settings, signal }: SubmitJob, account: Account, operation: string) {
  const { id: attemptId, generationId } = attempt;
  return callContext(parts, account, { operation, generationId, attemptId, signal, settings });
}
