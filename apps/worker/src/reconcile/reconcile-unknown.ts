/** Finds out what became of one submit whose outcome is unknown, as its step is planned. Every write is conditional on `unknown`. */
import { findUnknownSubject, type UnknownSubject } from '@reelay/db/attempts/find-unknown-subject';
import type { OpenWork } from '../polling/poll-interval.js';
import { callContext } from '../upstream/account.js';
import { StoredReferences, stepContext } from '../upstream/step-context.js';
import { adopt, giveBack, lose, type Reconciliation, sendOnceMore } from './close-unknown.js';
import { eliminate } from './eliminate.js';

/** What of it is still open afterwards. @throws UpstreamError when the upstream could not be asked, which proves nothing */
export async function reconcileUnknown(reconciliation: Reconciliation): Promise<OpenWork[]> {
  const { parts, account, attempt, settings } = reconciliation;
  const subject = await findUnknownSubject(parts.database, attempt.id);
  if (!subject) return [];
  const { reconcile } = account.provider.plan(subject.request, attempt.step);
  if (reconcile === 'elimination') return eliminate(reconciliation);
  // Its sender is gone; that there may have been a first one costs nothing.
  if (reconcile === 'repeat') return giveBack(reconciliation, 'no answer came; it may be sent again', 'freely');
  const leftMs = settings['submit.timeoutMs'] - attempt.sentAgoMs;
  if (leftMs > 0) return [{ kind: 'sent', leftMs }];
  if (reconcile === 'none') {
    if (settings['submit.resubmitOnce'].includes(account.target.name)) return sendOnceMore(reconciliation);
    return lose(reconciliation, 'this upstream cannot be asked');
  }
  return lookUp(reconciliation, subject);
}

async function lookUp(reconciliation: Reconciliation, subject: UnknownSubject): Promise<OpenWork[]> {
  const { parts, account, attempt, settings, context } = reconciliation;
  const { request, prepared, carried } = subject;
  if (prepared === null) return lose(reconciliation, 'what it was to be looked for by is gone');
  const { id: attemptId, generationId, step } = attempt;
  const purpose = { operation: 'lookUp', generationId, attemptId, signal: context.signal, settings };
  const call = callContext(parts, account, purpose);
  const references = new StoredReferences(parts, generationId);
  const found = await account.provider.lookUp(request, prepared, stepContext(call, { step, carried }, references));
  if (!found) return giveBack(reconciliation, 'not there under the name it was given');
  // Somebody else moved it: nothing is known of it here, so the next round comes soon.
  return (await adopt(reconciliation, found)) ?? [{ kind: 'unknown', sentAgoMs: 0, settleMs: 0 }];
}
