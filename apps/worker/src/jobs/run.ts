/** The run job: reads where a generation stands and does the next step towards its submit. Re-entrant; any worker, any number of times. */
import { isTerminal } from '@reelay/contracts/domain';
import { markUnknown } from '@reelay/db/attempts/mark-unknown';
import { undoAssignment } from '@reelay/db/attempts/withdraw-attempt';
import { findRunSubject, type OpenAttempt, type RunSubject } from '@reelay/db/generations/find-run-subject';
import type { JobContext, JobResult } from '@reelay/platform/consume';
import { announce, ringDispatch } from '../announce.js';
import { longestSubmitMs } from '../submit/longest-submit.js';
import { submitAttempt } from '../submit/submit-attempt.js';
import type { WorkerParts } from '../worker-parts.js';

export async function runGeneration(
  parts: WorkerParts,
  { generationId }: { generationId: string },
  context: JobContext,
): Promise<JobResult> {
  const subject = await findRunSubject(parts.database, generationId);
  if (!subject?.token || isTerminal(subject.state)) return undefined;
  if (subject.waitMs > 0) return { againInMs: subject.waitMs };
  const { attempt, token } = subject;
  if (!attempt) return subject.state === 'queued' ? undo(parts, subject, context) : undefined;
  if (attempt.state === 'sent') return watchSent(parts, { attempt, tokenId: token.id }, context);
  if (attempt.state !== 'intent') return ensurePoll(parts, token.id);
  return submitAttempt({
    parts,
    subject,
    attempt: { ...attempt, generationId, fence: subject.fence, tokenId: token.id },
    settings: await parts.settings.read(),
    signal: AbortSignal.any([context.signal, parts.draining]),
    log: context.log,
  });
}

/** Whoever sent it may still be at it, in this process or another; only after the longest time that can take it is unknown. */
async function watchSent(
  parts: WorkerParts,
  { attempt, tokenId }: { attempt: OpenAttempt; tokenId: string },
  { log }: JobContext,
): Promise<JobResult> {
  const leftMs = longestSubmitMs(await parts.settings.read()) - (attempt.sentAgoMs ?? 0);
  if (leftMs > 0) return { againInMs: leftMs };
  if (await markUnknown(parts.database, attempt.id, 'no answer in the longest time a submit may take')) {
    log.warn({ attemptId: attempt.id, tokenId }, 'sender is gone, outcome of the submit is unknown');
  }
  return ensurePoll(parts, tokenId);
}

/** No code path leaves a row like this; should one ever be found, it must not stay. */
async function undo(parts: WorkerParts, subject: RunSubject, { log }: JobContext): Promise<undefined> {
  log.error({ tokenId: subject.token?.id }, 'assigned without an attempt, back to the lane');
  await announce(parts, await undoAssignment(parts.database, subject));
  await ringDispatch(parts);
}

async function ensurePoll(parts: WorkerParts, tokenId: string): Promise<undefined> {
  await parts.queues.enqueue('poll', { tokenId });
}
