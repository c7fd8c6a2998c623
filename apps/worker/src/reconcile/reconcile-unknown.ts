/** Finds out what became of one submit whose outcome is unknown. Only reads upstream; every write is conditional on `unknown`. */
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { closeAbsent, closeLost } from '@reelay/db/attempts/close-unknown';
import { findOwnedOperations, type PolledAttempt, type PolledToken } from '@reelay/db/attempts/find-open-attempts';
import { noteListing, recordCleanListing } from '@reelay/db/attempts/record-clean-listing';
import type { Withdrawal } from '@reelay/db/attempts/withdraw-attempt';
import { newUlid } from '@reelay/platform/ulid';
import { announce, ringDispatch } from '../announce.js';
import type { PollRound } from '../polling/poll-acked.js';
import type { OpenWork } from '../polling/poll-interval.js';
import { knownAfter } from '../submit/listing-cache.js';
import { callContext } from '../upstream/account.js';
import { isProvenAbsent, judgeListing } from './decide-reconciliation.js';

interface Reconciliation extends PollRound {
  token: PolledToken;
  attempt: PolledAttempt;
}

/** What of it is still open afterwards. @throws UpstreamError when the lists could not be read, which proves nothing */
export async function reconcileUnknown(reconciliation: Reconciliation): Promise<OpenWork[]> {
  const { account, token, attempt, settings } = reconciliation;
  if (account.provider.declaration.reconcile === 'none') {
    const leftMs = settings['submit.timeoutMs'] - attempt.sentAgoMs;
    if (leftMs > 0) return [{ kind: 'sent', leftMs }];
    return lose(reconciliation, 'this upstream cannot be asked');
  }
  if (token.usedByPeople) return lose(reconciliation, 'people use the account too');
  const verdict = await judgeNow(reconciliation);
  switch (verdict.kind) {
    case 'adopt':
      return adopt(reconciliation, verdict.operationId);
    case 'lost':
      return lose(reconciliation, verdict.reason);
    case 'clean':
      return countClean(reconciliation);
    case 'early':
      await noteListing(reconciliation.parts.database, attempt.id);
      return stillUnknown(reconciliation);
  }
}

async function judgeNow({ parts, account, attempt, settings, context }: Reconciliation) {
  const { tokenId, provider } = account;
  const { id: attemptId, generationId, knownBefore } = attempt;
  const purpose = { operation: 'list', generationId, attemptId, signal: context.signal, settings };
  const remember = parts.listings.begin(tokenId);
  // Only what was finished before ends the paging: what was pending then may stand above the task that is looked for.
  const until = knownBefore ? new Set(knownBefore.finished) : undefined;
  const listing = await provider.list(until, callContext(parts, account, purpose));
  if (listing.complete) remember(knownAfter(listing));
  const listed = [...listing.pending, ...listing.finished];
  return judgeListing({
    listing,
    knownBefore,
    owned: await findOwnedOperations(parts.database, tokenId, listed),
    sentAgoMs: attempt.sentAgoMs,
    submitTimeoutMs: settings['submit.timeoutMs'],
  });
}

async function adopt(reconciliation: Reconciliation, operationId: string): Promise<OpenWork[]> {
  const { parts, account, attempt, context } = reconciliation;
  const { tokenId } = account;
  const { id: attemptId, generationId } = attempt;
  const { outcome, events } = await acknowledgeSubmit(parts.database, {
    ...{ attemptId, generationId, tokenId, operation: { id: operationId } },
    from: ['unknown'],
    litterId: newUlid(),
  });
  // Somebody else moved the attempt or owns the task by now: the next round reads it.
  if (outcome !== 'acked') return stillUnknown(reconciliation);
  context.log.info({ attemptId, generationId, tokenId, operationId }, 'unknown submit found upstream and adopted');
  await announce(parts, events);
  return [{ kind: 'rendering', sinceMs: 0, progress: 0 }];
}

async function countClean(reconciliation: Reconciliation): Promise<OpenWork[]> {
  const { parts, account, attempt, settings, context } = reconciliation;
  const { id: attemptId, generationId, fence } = attempt;
  const clean = await recordCleanListing(parts.database, attemptId);
  if (!clean) return [];
  const isAbsent = isProvenAbsent({
    ...clean,
    neededListings: settings['reconcile.listings'],
    settleMs: settings['reconcile.settleMs'],
    listGapMs: settings['reconcile.listGapMs'],
  });
  if (!isAbsent) return stillUnknown(reconciliation);
  const reason = `not there in ${clean.count} listings over ${Math.round(clean.spanMs / 1_000)} s`;
  const withdrawal = await closeAbsent(parts.database, { attemptId, generationId, fence, reason });
  if (withdrawal.wasClosed) {
    context.log.warn({ attemptId, generationId, tokenId: account.tokenId, reason }, 'unknown submit proven absent');
  }
  return afterClosing(reconciliation, withdrawal);
}

async function lose(reconciliation: Reconciliation, reason: string): Promise<OpenWork[]> {
  const { parts, account, attempt, settings, context } = reconciliation;
  const { id: attemptId, generationId, fence } = attempt;
  const renderMaximumMs = settings['render.maximumMs'];
  const withdrawal = await closeLost(parts.database, { attemptId, generationId, fence, reason, renderMaximumMs });
  if (withdrawal.wasClosed) {
    context.log.error(
      { attemptId, generationId, tokenId: account.tokenId, reason },
      'unknown submit lost, its slot stays held',
    );
  }
  return afterClosing(reconciliation, withdrawal);
}

async function afterClosing({ parts }: Reconciliation, { events }: Withdrawal): Promise<OpenWork[]> {
  await announce(parts, events);
  await ringDispatch(parts);
  return [];
}

function stillUnknown({ attempt, settings }: Reconciliation): OpenWork[] {
  const settleMs = Math.max(settings['reconcile.settleMs'], settings['reconcile.listGapMs']);
  return [{ kind: 'unknown', sentAgoMs: attempt.sentAgoMs, settleMs }];
}
