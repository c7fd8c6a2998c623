import fc from 'fast-check';
import { isProvenAbsent, judgeListing, type ListingEvidence } from './decide-reconciliation.js';

const evidence = (
  more: Partial<ListingEvidence> & { pending?: string[]; finished?: string[] } = {},
): ListingEvidence => ({
  listing: { pending: more.pending ?? [], finished: more.finished ?? [], complete: true },
  knownBefore: { pending: ['p'], finished: ['f'] },
  owned: new Set(['ours']),
  sentAgoMs: 60_000,
  submitTimeoutMs: 45_000,
  ...more,
});

describe('a listing', () => {
  it.each([
    ['adopts the one new task that is pending', evidence({ pending: ['p', 'new'], finished: ['f'] }), 'adopt'],
    ['adopts the one new task that is finished', evidence({ finished: ['new', 'p', 'f'] }), 'adopt'],
    ['adopts it also before the timeout', evidence({ pending: ['new'], sentAgoMs: 0 }), 'adopt'],
    ['counts one task on both lists once', evidence({ pending: ['new'], finished: ['new'] }), 'adopt'],
    ['does not take what another attempt owns', evidence({ pending: ['ours'], finished: ['p'] }), 'clean'],
    ['is clean when it shows nothing new', evidence({ pending: [], finished: ['p', 'f'] }), 'clean'],
    ['is too early before the timeout', evidence({ sentAgoMs: 44_999 }), 'early'],
    ['counts from the timeout on', evidence({ sentAgoMs: 45_000 }), 'clean'],
    ['gives up when two tasks could be the one', evidence({ pending: ['a'], finished: ['b'] }), 'lost'],
    ['gives up without a note of what was known', evidence({ knownBefore: null, pending: ['new'] }), 'lost'],
    [
      'gives up when it is incomplete, even with one candidate',
      evidence({ listing: { pending: ['new'], finished: [], complete: false } }),
      'lost',
    ],
  ])('%s', (_name, given, kind) => {
    const verdict = judgeListing(given);
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === 'adopt') expect(verdict.operationId).toBe('new');
  });

  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'));
  const arbitrary = fc.record({
    pending: ids,
    finished: ids,
    complete: fc.boolean(),
    knownPending: ids,
    knownFinished: ids,
    owned: ids,
    sentAgoMs: fc.nat(90_000),
  });
  const judge = (
    given: { [key in 'pending' | 'finished' | 'knownPending' | 'knownFinished' | 'owned']: string[] } & {
      complete: boolean;
      sentAgoMs: number;
    },
  ) =>
    judgeListing({
      listing: { pending: given.pending, finished: given.finished, complete: given.complete },
      knownBefore: { pending: given.knownPending, finished: given.knownFinished },
      owned: new Set(given.owned),
      sentAgoMs: given.sentAgoMs,
      submitTimeoutMs: 45_000,
    });

  it('never adopts what was there before or belongs to another attempt', () => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const verdict = judge(given);
        if (verdict.kind !== 'adopt') return;
        expect([...given.pending, ...given.finished]).toContain(verdict.operationId);
        expect([...given.knownPending, ...given.knownFinished, ...given.owned]).not.toContain(verdict.operationId);
      }),
    );
  });

  it('is never clean while a task stands on it that could be ours', () => {
    fc.assert(
      fc.property(arbitrary, (given) => {
        const verdict = judge(given);
        if (verdict.kind !== 'clean' && verdict.kind !== 'early') return;
        const explained = new Set([...given.knownPending, ...given.knownFinished, ...given.owned]);
        expect([...given.pending, ...given.finished].filter((id) => !explained.has(id))).toEqual([]);
        expect(given.complete).toBe(true);
      }),
    );
  });
});

describe('absence', () => {
  const proof = { count: 3, spanMs: 60_000, neededListings: 3, settleMs: 60_000, listGapMs: 30_000 };

  it.each([
    ['is proven by enough listings over enough time', proof, true],
    ['is not proven by too few', { ...proof, count: 2 }, false],
    ['is not proven in too short a time', { ...proof, spanMs: 59_999 }, false],
    ['is not proven while a task may stand on neither list', { ...proof, listGapMs: 61_000 }, false],
  ])('%s', (_name, given, isAbsent) => {
    expect(isProvenAbsent(given)).toBe(isAbsent);
  });
});
