import type { PollOutcome } from '@reelay/contracts/provider';
import fc from 'fast-check';
import { FailureCounts, failurePauseMs } from './failure-counts.js';
import { type OpenWork, pollIntervalMs } from './poll-interval.js';
import { type AckedAttempt, sortOutcomes } from './sort-outcomes.js';

const bounds = { minimumMs: 1_000, maximumMs: 15_000, random: () => 0.5 };
const rendering = (sinceMs: number, progress: number): OpenWork => ({ kind: 'rendering', sinceMs, progress });

describe('the interval of polling', () => {
  it('ends when nothing is open', () => {
    expect(pollIntervalMs([], bounds)).toBeUndefined();
  });

  it('notices the end of a render of six seconds within little more than one', () => {
    for (let sinceMs = 0; sinceMs <= 6_500; sinceMs += 100) {
      const interval = pollIntervalMs([rendering(sinceMs, Math.min(99, sinceMs / 60))], { ...bounds, random: () => 1 });
      expect(interval).toBeLessThanOrEqual(1_100);
    }
  });

  it.each([
    ['is long in the middle of a long render', rendering(60_000, 30), 15_000],
    ['is short near its end', rendering(200_000, 98), 3_333],
    ['grows while nothing is heard', rendering(40_000, 0), 10_000],
    ['is calm for a task that stands at 99 % for half an hour', rendering(1_800_000, 99), 15_000],
    [
      'is short while an unknown submit is young',
      { kind: 'unknown', sentAgoMs: 6_000, settleMs: 60_000 } as const,
      1_500,
    ],
    ['looks several times while it settles', { kind: 'unknown', sentAgoMs: 90_000, settleMs: 60_000 } as const, 10_000],
    ['comes when a sender must be gone', { kind: 'sent', leftMs: 7_000 } as const, 7_000],
  ])('%s', (_name, work, expected) => {
    expect(Math.abs((pollIntervalMs([work], bounds) ?? 0) - expected)).toBeLessThan(2);
  });

  it('is that of the most urgent task', () => {
    expect(pollIntervalMs([rendering(60_000, 30), rendering(3_000, 50)], bounds)).toBe(1_000);
  });

  it('stays within its bounds, jitter aside', () => {
    const work = fc.oneof(
      fc.record({ kind: fc.constant('rendering' as const), sinceMs: fc.nat(10_000_000), progress: fc.nat(99) }),
      fc.record({ kind: fc.constant('sent' as const), leftMs: fc.integer({ min: -100_000, max: 100_000 }) }),
      fc.record({ kind: fc.constant('unknown' as const), sentAgoMs: fc.nat(200_000), settleMs: fc.nat(200_000) }),
    );
    fc.assert(
      fc.property(fc.array(work, { minLength: 1 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (open, random) => {
        const interval = pollIntervalMs(open, { ...bounds, random: () => random }) ?? 0;
        expect(interval).toBeGreaterThanOrEqual(900);
        expect(interval).toBeLessThanOrEqual(15_000);
      }),
    );
  });
});

describe('failures in a row', () => {
  it('are counted per token until a round goes well', () => {
    const counts = new FailureCounts();
    expect([counts.add('a'), counts.add('a'), counts.add('b')]).toEqual([1, 2, 1]);
    counts.clear('a');
    expect(counts.add('a')).toBe(1);
  });

  it('lengthen the pause up to the longest interval', () => {
    const pauses = [1, 2, 3, 10].map((failures) => failurePauseMs(failures, { ...bounds, random: () => 1 }));
    expect(pauses).toEqual([2_000, 4_000, 8_000, 15_000]);
  });
});

describe('what the upstream said', () => {
  const attempt = (id: string, more: Partial<AckedAttempt['generation']> & { heard?: number } = {}): AckedAttempt => ({
    ...{ id, generationId: `g-${id}`, state: 'acked', step: 1, fence: 1n, takesTurn: true, knownBefore: null },
    routeKey: 'direct',
    ...{ sentAgoMs: 10_000, ackedAgoMs: 9_000, operation: { id: `task-${id}` }, progress: more.heard ?? 0 },
    generation: {
      ...{ kind: 'video', workflow: 'video', lane: 'sora:video:pro:sora2', state: 'running', stage: 'rendering' },
      ...{ progress: 10, lastEventAgoMs: 5_000 },
      ...more,
    },
  });
  const sort = (one: AckedAttempt, outcome?: PollOutcome) =>
    sortOutcomes([one], new Map(outcome ? [[one.operation.id, outcome]] : []), {
      tokenId: 'token',
      newId: () => 'new',
    });
  const nothing = { pending: [], progressed: [], done: [], next: [], refused: [] };

  it('of a task that it does not name is nothing', () => {
    expect(sort(attempt('a'))).toEqual(nothing);
  });

  it.each([
    ['progress', attempt('a'), 40, { pending: [40], progressed: [40] }],
    ['progress that falls', attempt('a', { heard: 50, progress: 50 }), 40, { pending: [], progressed: [] }],
    [
      'progress too soon after the last event',
      attempt('a', { lastEventAgoMs: 900 }),
      40,
      { pending: [40], progressed: [] },
    ],
    ['progress of a cancelled generation', attempt('a', { state: 'cancelled' }), 40, { pending: [40], progressed: [] }],
    ['a hundred per cent before it is done', attempt('a'), 100, { pending: [99], progressed: [99] }],
  ])('%s is written where it is news', (_name, one, progress, expected) => {
    const sorted = sort(one, { state: 'pending', progress });
    expect(sorted.pending.map((each) => each.progress)).toEqual(expected.pending);
    expect(sorted.progressed.map((each) => each.progress)).toEqual(expected.progressed);
  });

  it('at the end closes the attempt', () => {
    const operation = { id: 'task-a', data: 'gen_1' };
    const ids = { attemptId: 'a', generationId: 'g-a' };
    expect(sort(attempt('a'), { state: 'done', operation, media: [] }).done).toEqual([
      { ...ids, operation, media: [], extras: {} },
    ]);
    expect(sort(attempt('a'), { state: 'done', operation, media: [], text: '' }).done).toMatchObject([
      { extras: { text: '' } },
    ]);
    const error = { code: 'content_policy_violation', message: 'no' } as const;
    expect(sort(attempt('a'), { state: 'refused', error }).refused).toEqual([{ ...ids, error }]);
  });

  it('at the end of a step keeps the rest on the account, with whatever else its lane asks for', () => {
    const { next } = sort(attempt('a'), { state: 'next', operation: { id: 'task-a' }, carried: 7 });
    expect(next).toEqual([
      {
        ...{ attemptId: 'a', generationId: 'g-a', operation: { id: 'task-a' }, carried: 7 },
        ...{ lane: 'sora:video:pro:sora2:token', nextAttemptId: 'new' },
      },
    ]);
  });
});
