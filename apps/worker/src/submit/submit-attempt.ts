/** The middle of a run: prepare, prove, send once, store what the upstream said. */
import { slotKindOf } from '@reelay/contracts/domain';
import type { Json, StepContext, StepPlan, Submitted } from '@reelay/contracts/provider';
import { findTurn } from '@reelay/db/attempts/find-turn';
import { moveAssigned, storePrepared } from '@reelay/db/generations/move-assigned';
import type { JobResult } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
import { announce } from '../announce.js';
import { type Account, callContext, openAccount } from '../upstream/account.js';
import { StoredReferences, stepContext } from '../upstream/step-context.js';
import { settleFailure } from './settle-failure.js';
import { storeAnswer } from './store-answer.js';
import type { SubmitJob } from './submit-job.js';
import { SubmitJournal, TurnNotReached } from './submit-journal.js';

/** Another run or assignment was faster, or the generation has ended: nothing of what is under way here may be written. */
class Superseded extends Error {}

/** What a submit has come to; a failure is judged by it. */
interface Progress {
  references: StoredReferences;
  account?: Account;
  plan?: StepPlan;
  journal?: SubmitJournal;
}

export async function submitAttempt(job: SubmitJob): Promise<JobResult> {
  const progress: Progress = { references: new StoredReferences(job.parts, job.attempt.generationId) };
  try {
    return await submitOnce(job, progress);
  } finally {
    progress.journal?.handOnTurn();
  }
}

async function submitOnce(job: SubmitJob, progress: Progress): Promise<JobResult> {
  let submitted: Submitted;
  try {
    submitted = await submitStep(job, progress);
  } catch (error) {
    if (error instanceof Superseded) return undefined;
    const { references, account, plan, journal } = progress;
    return settleFailure(job, {
      error: journal?.failure ?? references.failure ?? error,
      isSent: journal?.isSent ?? false,
      reconcile: plan?.reconcile,
      credentialVersion: account?.credential.version,
    });
  }
  crashPoint('run.after-answer');
  return storeAnswer(job, {
    ...{ submitted, takesTurn: takesTurn(progress.plan) },
    onStored: () => progress.journal?.handOnTurn(),
  });
}

async function submitStep(job: SubmitJob, progress: Progress): Promise<Submitted> {
  const { parts, subject, attempt, settings, signal } = job;
  const account = await openAccount(parts, {
    ...{ tokenId: attempt.tokenId, provider: subject.provider, target: subject.token?.target ?? '' },
    route: { attemptId: attempt.id, key: attempt.routeKey },
  });
  progress.account = account;
  const plan = account.provider.plan(subject.request, subject.step);
  progress.plan = plan;
  if (takesTurn(plan)) await stopWhileUnknown(job);
  const prepared = await prepareOnce(job, account, progress.references);
  await enterStage(job, 'submitting');
  const journal = new SubmitJournal(parts, {
    ...{ attempt, settings, signal, provider: account.provider, takesTurn: takesTurn(plan) },
    slotKind: slotKindOf(subject.request.kind) ?? 'video',
    context: contextOf(job, account, 'list'),
  });
  progress.journal = journal;
  const submitted = await account.provider.submit(subject.request, prepared, {
    ...stepContextOf(job, account, 'submit', progress.references),
    beforeSend: journal.beforeSend,
    submitTimeoutMs: settings['submit.timeoutMs'],
  });
  if (!journal.isSent) throw new Error('the provider answered a submit without asking for permission to send it');
  return submitted;
}

function takesTurn(plan: StepPlan | undefined): boolean {
  return plan?.reconcile === 'elimination';
}

/** A proof is expensive, and an unknown submit holds the token's turn for a minute or more. */
async function stopWhileUnknown({ parts, attempt }: SubmitJob): Promise<void> {
  const { heldBy } = await findTurn(parts.database, attempt.tokenId);
  if (heldBy === 'unknown') throw new TurnNotReached('unknown');
}

async function prepareOnce(job: SubmitJob, account: Account, references: StoredReferences): Promise<Json> {
  const { subject, parts } = job;
  if (subject.prepared !== null) return subject.prepared;
  if (subject.stage === 'waiting') await enterStage(job, 'preparing');
  const context = stepContextOf(job, account, 'prepare', references);
  const stored = await storePrepared(parts.database, subject, await account.provider.prepare(subject.request, context));
  if (!stored) throw new Superseded();
  return stored.prepared;
}

async function enterStage({ parts, subject }: SubmitJob, stage: 'preparing' | 'submitting'): Promise<void> {
  const { isCurrent, events } = await moveAssigned(parts.database, subject, stage);
  if (!isCurrent) throw new Superseded();
  await announce(parts, events);
}

function stepContextOf(job: SubmitJob, account: Account, operation: string, references: StoredReferences): StepContext {
  return stepContext(contextOf(job, account, operation), job.subject, references);
}

function contextOf({ parts, attempt, settings, signal }: SubmitJob, account: Account, operation: string) {
  const { id: attemptId, generationId } = attempt;
  return callContext(parts, account, { operation, generationId, attemptId, signal, settings });
}
