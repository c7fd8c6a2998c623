/** The upstream has accepted: its answer is the one thing of a submit that cannot be had again, so storing it is tried for a while. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Operation, Submitted } from '@reelay/contracts/provider';
import { type Acknowledgement, acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { closeLost } from '@reelay/db/attempts/close-unknown';
import { markUnknown } from '@reelay/db/attempts/mark-unknown';
import type { JobResult } from '@reelay/platform/consume';
import { crashPoint } from '@reelay/platform/crash-point';
import { newUlid } from '@reelay/platform/ulid';
import { announce } from '../announce.js';
import { maximumTaskMs } from '../polling/maximum-task-time.js';
import type { SubmitJob } from './submit-job.js';

const longestMs = 30_000;
const againMs = 250;

export interface StoreAnswer {
  submitted: Submitted;
  takesTurn: boolean;
  /** Called as soon as it is stored: the account's next submit need not wait for those who are told about this one. */
  onStored: () => void;
}

export async function storeAnswer(job: SubmitJob, { submitted, takesTurn, onStored }: StoreAnswer): Promise<JobResult> {
  const { parts, attempt, log } = job;
  const { operation } = submitted;
  const { outcome, events } = await acknowledgeInsistently(job, submitted);
  const fields = { attemptId: attempt.id, tokenId: attempt.tokenId, operationId: operation.id };
  if (outcome === 'taken') return giveUpIndistinct(job, operation, takesTurn);
  onStored();
  if (outcome === 'late') {
    log.warn({ ...fields, litter: 'late_answer' }, 'answer came after the submit was given up, noted as litter');
    return undefined;
  }
  log.info(fields, outcome === 'acked' ? 'submit acknowledged' : 'submit had been acknowledged before');
  crashPoint('run.after-acked');
  await parts.pollBells.ring(attempt.tokenId, job.settings['poll.minimumMs']);
  await announce(parts, events);
  return undefined;
}

/** Should it not succeed, the attempt stays `sent`, becomes unknown and is found by reconciliation. */
async function acknowledgeInsistently(
  { parts, attempt, log }: SubmitJob,
  { operation, litter = [] }: Submitted,
): Promise<Acknowledgement> {
  const giveUpAt = performance.now() + longestMs;
  const { id: attemptId, generationId, tokenId } = attempt;
  const ack = {
    ...{ attemptId, generationId, tokenId, operation, from: ['sent', 'unknown'] as const, litterId: newUlid() },
    litter: litter.map((note) => ({ ...note, id: newUlid() })),
  };
  for (;;) {
    try {
      return await acknowledgeSubmit(parts.database, ack);
    } catch (error) {
      if (performance.now() >= giveUpAt) throw error;
      log.warn({ error, attemptId }, 'answer not stored yet, trying again');
      await pause(againMs * (1 + parts.random()));
    }
  }
}

/** The upstream gave an id twice. Which task it means cannot be told, and sending it again might make a second one. */
async function giveUpIndistinct(
  { parts, attempt, subject, settings, log }: SubmitJob,
  operation: Operation,
  takesTurn: boolean,
): Promise<JobResult> {
  const reason = 'the upstream named a task that another generation has';
  log.error({ attemptId: attempt.id, tokenId: attempt.tokenId, operationId: operation.id }, reason);
  await markUnknown(parts.database, attempt.id, reason);
  const { events } = await closeLost(parts.database, {
    attemptId: attempt.id,
    generationId: attempt.generationId,
    fence: subject.fence,
    reason,
    maximumTaskMs: maximumTaskMs(settings, { ...subject.request, takesTurn }),
  });
  await announce(parts, events);
  return undefined;
}
