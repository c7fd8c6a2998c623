/** Reconciliation by elimination, as a pure decision. A wrong "absent" doubles a paid task, so everything unclear is decided against it. */
import type { UpstreamListing } from '@reelay/contracts/provider';
import type { KnownBefore } from '@reelay/db/attempts/begin-send';

export interface ListingEvidence {
  listing: UpstreamListing;
  /** What was there before the submit; null when nobody noted it. */
  knownBefore: KnownBefore | null;
  /** Tasks that are known to be another attempt's. */
  owned: ReadonlySet<string>;
  /** Time between `sent` and the beginning of the listing. */
  sentAgoMs: number;
  /** The submit's hard timeout (T): before it has passed, the task may still be on its way. */
  submitTimeoutMs: number;
}

export type ListingVerdict =
  | { kind: 'adopt'; operationId: string }
  /** Complete and without a candidate; it counts. */
  | { kind: 'clean' }
  /** Complete and without a candidate, but too soon to count. */
  | { kind: 'early' }
  | { kind: 'lost'; reason: string };

export function judgeListing(evidence: ListingEvidence): ListingVerdict {
  const { listing, knownBefore, owned, sentAgoMs, submitTimeoutMs } = evidence;
  if (!knownBefore) return { kind: 'lost', reason: 'what the account held before was not noted' };
  if (!listing.complete) return { kind: 'lost', reason: 'the account holds more tasks than can be looked through' };
  const known = new Set([...knownBefore.pending, ...knownBefore.finished]);
  const listed = new Set([...listing.pending, ...listing.finished]);
  const candidates = [...listed].filter((id) => !known.has(id) && !owned.has(id));
  const [candidate] = candidates;
  if (candidates.length > 1) return { kind: 'lost', reason: `${candidates.length} tasks could be the one` };
  if (candidate !== undefined) return { kind: 'adopt', operationId: candidate };
  return { kind: sentAgoMs >= submitTimeoutMs ? 'clean' : 'early' };
}

export interface AbsenceProof {
  /** Clean listings so far, and the time from the first to the last. */
  count: number;
  spanMs: number;
  neededListings: number;
  settleMs: number;
  /** Longest time a task may be on neither list. */
  listGapMs: number;
}

export function isProvenAbsent({ count, spanMs, neededListings, settleMs, listGapMs }: AbsenceProof): boolean {
  return count >= neededListings && spanMs >= Math.max(settleMs, listGapMs);
}
