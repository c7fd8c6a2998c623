/** Reconciliation by comparing the account's lists with what they held before the submit. Only reads upstream. */
import { slotKindOf } from '@reelay/contracts/domain';
import { findOwnedOperations } from '@reelay/db/attempts/find-open-attempts';
import { noteListing, recordCleanListing } from '@reelay/db/attempts/record-clean-listing';
import type { OpenWork } from '../polling/poll-interval.js';
import { knownAfter } from '../submit/listing-cache.js';
import { callContext } from '../upstream/account.js';
import { adopt, giveBack, lose, type Reconciliation } from './close-unknown.js';
import { isProvenAbsent, judgeListing } from './decide-reconciliation.js';

/** @throws UpstreamError when the lists could not be read, which proves nothing */
export async function eliminate(reconciliation: Reconciliation): Promise<OpenWork[]> {
  const { token, attempt } = reconciliation;
  if (token.usedByPeople) return lose(reconciliation, 'people use the account too');
  const verdict = await judgeNow(reconciliation);
  switch (verdict.kind) {
    case 'adopt': {
      // A list tells the id alone; what the adaptor must know of it is which list it stood on.
      const operation = { id: verdict.operationId, data: { type: slotKindOfAttempt(reconciliation) } };
      return (await adopt(reconciliation, { operation })) ?? stillUnknown(reconciliation);
    }
    case 'lost':
      return lose(reconciliation, verdict.reason);
    case 'clean':
      return countClean(reconciliation);
    case 'early':
      await noteListing(reconciliation.parts.database, attempt.id);
      return stillUnknown(reconciliation);
  }
}

async function judgeNow(reconciliation: Reconciliation) {
  const { parts, account, attempt, settings, context } = reconciliation;
  const { tokenId, provider } = account;
  const { id: attemptId, generationId, knownBefore } = attempt;
  const slotKind = slotKindOfAttempt(reconciliation);
  const purpose = { operation: 'list', generationId, attemptId, signal: context.signal, settings };
  const remember = parts.listings.begin({ tokenId, slotKind });
  // Only what was finished before ends the paging: what was pending then may stand above the task that is looked for.
  const until = knownBefore && { until: new Set(knownBefore.finished) };
  const listing = await provider.list({ slotKind, ...until }, callContext(parts, account, purpose));
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

async function countClean(reconciliation: Reconciliation): Promise<OpenWork[]> {
  const { parts, attempt, settings } = reconciliation;
  const clean = await recordCleanListing(parts.database, attempt.id);
  if (!clean) return [];
  const isAbsent = isProvenAbsent({
    ...clean,
    neededListings: settings['reconcile.listings'],
    settleMs: settings['reconcile.settleMs'],
    listGapMs: settings['reconcile.listGapMs'],
  });
  if (!isAbsent) return stillUnknown(reconciliation);
  return giveBack(reconciliation, `not there in ${clean.count} listings over ${Math.round(clean.spanMs / 1_000)} s`);
}

function stillUnknown({ attempt, settings }: Reconciliation): OpenWork[] {
  const settleMs = Math.max(settings['reconcile.settleMs'], settings['reconcile.listGapMs']);
  return [{ kind: 'unknown', sentAgoMs: attempt.sentAgoMs, settleMs }];
}

function slotKindOfAttempt({ attempt }: Reconciliation) {
  return slotKindOf(attempt.generation.kind) ?? 'video';
}
