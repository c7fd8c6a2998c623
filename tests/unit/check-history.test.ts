/** The judge of the fault tests: it finds nothing in a good history, and each wrong that it is there for in one that has it. */
import { checkHistory, type Invariant } from '../faults/judge/check-history.js';
import { recoveries } from '../faults/judge/check-recovery.js';
import { describeViolations } from '../faults/judge/describe.js';
import type { History, Sample } from '../faults/judge/history.js';

/** Two videos of two owners: made, watched, fetched. Times in milliseconds. */
function good(): History {
  const one = (id: string, owner: string, at: number) => ({
    accept: {
      at: at + 10,
      askedAt: at,
      idempotencyKey: `key of ${id}`,
      prompt: `prompt of ${id}`,
      owner,
      generationId: id,
    },
    generation: {
      ...{ id, owner, kind: 'video', state: 'succeeded', errorCode: null, step: 1, seq: 3 },
      ...{ createdAt: at, deadlineAt: at + 100_000, completedAt: at + 5_000 },
    },
    attempt: {
      ...{ id: `attempt of ${id}`, generationId: id, step: 1, n: 1, state: 'ended' },
      ...{
        createdAt: at + 100,
        sentAt: at + 200,
        closedAt: at + 4_000,
        operationId: `task of ${id}`,
        firstCleanAt: null,
      },
    },
    events: [
      { generationId: id, seq: 1, type: 'generation.queued', progress: null },
      { generationId: id, seq: 2, type: 'generation.progressed', progress: 50 },
      { generationId: id, seq: 3, type: 'generation.succeeded', progress: null },
    ],
    submit: {
      taskId: `task of ${id}`,
      account: 'pro',
      prompt: `prompt of ${id}`,
      kind: 'video',
      at: at + 210,
      finishedAt: at + 3_000,
    },
  });
  const made = [one('a', 'first', 1_000), one('b', 'second', 2_000)];
  return {
    limits: {
      submitTimeoutMs: 3_000,
      freshnessMs: 1_000,
      settleMs: 4_000,
      lateMs: 120_000,
      moveMs: 60_000,
      leastStarts: 20,
    },
    faults: [{ name: 'Redis: FLUSHALL', from: 1_500, to: 1_500 }],
    accepts: made.map(({ accept }) => accept),
    views: [
      { at: 2_000, generationId: 'a', state: 'queued', progress: 0, seq: 1 },
      { at: 3_000, generationId: 'a', state: 'running', progress: 50, seq: 2 },
      { at: 7_000, generationId: 'a', state: 'succeeded', progress: 100, seq: 3 },
    ],
    streams: [
      {
        generationId: 'a',
        isWhole: true,
        frames: [
          { at: 1_100, seq: 1, type: 'generation.queued', progress: undefined },
          { at: 3_000, seq: 2, type: 'generation.progressed', progress: 50 },
          { at: 6_000, seq: 3, type: 'generation.succeeded', progress: undefined },
        ],
      },
    ],
    media: [{ generationId: 'a', sizeBytes: 5, sha256: 'abc' }],
    cancels: [{ at: 7_000, generationId: 'a', state: 'succeeded' }],
    deletes: [],
    trespasses: [{ at: 5_000, generationId: 'a', owner: 'second', status: 404 }],
    samples: [
      { at: 1_600, attempts: [seen('a', 'acked', 1)], slots: [slot('a', 0)], waiting: 0 },
      { at: 3_600, attempts: [seen('a', 'acked', 2)], slots: [slot('a', 0)], waiting: 0 },
      { at: 6_600, attempts: [], slots: [], waiting: 0 },
    ],
    final: {
      at: 10_000,
      generations: made.map(({ generation }) => generation),
      attempts: made.map(({ attempt }) => attempt),
      events: made.flatMap(({ events }) => events),
      usage: [
        { generationId: 'a', state: 'booked' },
        { generationId: 'b', state: 'booked' },
      ],
      slots: [],
      assets: ['a', 'b'].map((id) => ({
        generationId: id,
        role: 'result',
        storageKey: `results/${id}`,
        sizeBytes: 5,
        sha256: 'abc',
      })),
      files: ['a', 'b'].map((id) => ({ storageKey: `results/${id}`, sizeBytes: 5, sha256: 'abc' })),
      limits: [{ account: 'pro', image: 1, video: 2 }],
    },
    ledger: { submits: made.map(({ submit }) => submit), reusedRefreshTokens: 0 },
    alarms: [],
    unfitAnswers: [],
    leaks: [],
  };
}

function seen(id: string, state: string, seq: number): Sample['attempts'][number] {
  return { id: `attempt of ${id}`, generationId: id, state, tokenId: 'token', seq };
}

function slot(id: string, slotNo: number): Sample['slots'][number] {
  return {
    tokenId: 'token',
    kind: 'video',
    slotNo,
    limit: 2,
    attemptId: `attempt of ${id}`,
    attemptState: 'acked',
    freeAt: null,
  };
}

/** The first of the kind, to be changed; every history here has one. */
function at<Item>(items: readonly Item[], index = 0): Item {
  const item = items.at(index);
  if (item === undefined) throw new Error('the history has none of these');
  return item;
}

test('a good history has no violation', () => {
  expect(checkHistory(good())).toEqual([]);
  expect(describeViolations(good())).toBe('');
});

const wrongs: [Invariant, string, (history: History) => void][] = [
  ['I1', 'an accepted generation is in no row', ({ final }) => void final.generations.pop()],
  [
    'I2',
    'the upstream accepted two submits',
    ({ ledger }) => void ledger.submits.push({ ...at(ledger.submits), taskId: 'again', at: 9_000, finishedAt: 9_500 }),
  ],
  [
    'I2',
    'the upstream accepted what nobody asked for',
    ({ ledger }) => void ledger.submits.push({ ...at(ledger.submits), prompt: 'not ours' }),
  ],
  ['I2', 'it succeeded without an accepted submit', ({ ledger }) => void ledger.submits.pop()],
  [
    'I2',
    'a submit was called absent before the settling time was over',
    (history) => absent(history, { firstCleanAt: 6_000 }),
  ],
  [
    'I2',
    'a submit was called absent by a listing before its timeout',
    (history) => absent(history, { firstCleanAt: 2_000 }),
  ],
  ['I2', 'a submit was called absent without a listing', (history) => absent(history, { firstCleanAt: null })],
  [
    'I2',
    'somebody was given the task of another',
    ({ final }) => Object.assign(at(final.attempts), { operationId: 'task of b' }),
  ],
  [
    'I3',
    'it never ended',
    ({ final }) => Object.assign(at(final.generations), { state: 'running', completedAt: null }),
  ],
  [
    'I3',
    'it has two terminal events',
    ({ final }) => void final.events.push({ generationId: 'a', seq: 4, type: 'generation.failed', progress: null }),
  ],
  [
    'I3',
    'its event says something else',
    ({ final }) => Object.assign(at(final.events, 2), { type: 'generation.failed' }),
  ],
  [
    'I3',
    'it ended long after its deadline',
    ({ final }) => Object.assign(at(final.generations), { completedAt: 300_000 }),
  ],
  [
    'I3',
    'a client saw its end change',
    ({ views }) => void views.push({ at: 8_000, generationId: 'a', state: 'failed', progress: 100, seq: 3 }),
  ],
  ['I3', 'its cancel was answered otherwise', ({ cancels }) => Object.assign(at(cancels), { state: 'cancelled' })],
  ['I3', 'its cancel did not end it', ({ cancels }) => Object.assign(at(cancels), { state: 'running' })],
  [
    'I3',
    'nobody knows what became of its submit',
    ({ final }) => Object.assign(at(final.generations), { errorCode: 'upstream_outcome_unknown' }),
  ],
  ['I4', 'an open attempt held no slot', ({ samples }) => void at(samples).slots.pop()],
  ['I4', 'an account had more at once than it may', ({ final }) => Object.assign(at(final.limits), { video: 1 })],
  ['I4', 'a slot beyond the limit was held', ({ samples }) => void at(samples).slots.push(slot('b', 2))],
  [
    'I4',
    'a closed attempt held a slot',
    ({ samples }) => void at(samples).slots.push({ ...slot('b', 1), attemptState: 'ended' }),
  ],
  ['I4', 'a slot was never freed', ({ final }) => void final.slots.push({ attemptId: 'attempt of a', freeAt: null })],
  [
    'I4',
    'an attempt was never closed',
    ({ final }) => Object.assign(at(final.attempts), { state: 'acked', closedAt: null }),
  ],
  ['I5', 'an event is missing', ({ final }) => void final.events.splice(1, 1)],
  [
    'I5',
    'progress falls in the rows',
    ({ final }) =>
      final.events.splice(
        1,
        1,
        { ...at(final.events, 1), progress: 50 },
        { generationId: 'a', seq: 3, type: 'generation.progressed', progress: 20 },
      ),
  ],
  [
    'I5',
    'something follows the end',
    ({ final }) => void final.events.push({ generationId: 'b', seq: 4, type: 'generation.progressed', progress: 99 }),
  ],
  ['I5', 'a client saw progress fall', ({ views }) => Object.assign(at(views, -1), { progress: 40 })],
  ['I5', 'a client saw seq fall', ({ views }) => Object.assign(at(views, -1), { seq: 1 })],
  ['I5', 'a stream repeated itself', ({ streams }) => void at(streams).frames.splice(1, 0, at(at(streams).frames))],
  ['I5', 'a stream closed without its end', ({ streams }) => void at(streams).frames.pop()],
  ['I5', 'a stream left its beginning out', ({ streams }) => void at(streams).frames.shift()],
  ['I5', 'a stream left progress out', ({ streams }) => void at(streams).frames.splice(1, 1)],
  [
    'I5',
    'a stream that was not read to its end has a gap',
    ({ streams }) => Object.assign(at(streams), { isWhole: false, frames: at(streams).frames.slice(1) }),
  ],
  ['I6', 'one key gave two generations', ({ accepts }) => void accepts.push({ ...at(accepts), generationId: 'b' })],
  ['I6', 'a generation was made that no request led to', ({ accepts }) => void accepts.pop()],
  ['I7', 'usage was booked twice', ({ final }) => void final.usage.push(at(final.usage))],
  ['I7', 'usage was not booked', ({ final }) => Object.assign(at(final.usage), { state: 'released' })],
  ['I7', 'usage stayed reserved', ({ final }) => Object.assign(at(final.usage), { state: 'reserved' })],
  [
    'I7',
    'usage was booked though nothing was accepted',
    ({ final }) => Object.assign(at(final.attempts), { state: 'absent' }),
  ],
  ['I8', 'a secret was found', ({ leaks }) => void leaks.push('a log')],
  ['answers', 'an answer was not as described', ({ unfitAnswers }) => void unfitAnswers.push('GET /v1/models')],
  ['I9', 'an owner was shown what is another’s', ({ trespasses }) => Object.assign(at(trespasses), { status: 200 })],
  ['I10', 'a refresh token was used again', ({ ledger }) => Object.assign(ledger, { reusedRefreshTokens: 1 })],
  ['I11', 'a rejection was not handled', ({ alarms }) => void alarms.push('unhandled rejection')],
  [
    'I12',
    'work stood still',
    ({ samples, final }) => {
      Object.assign(at(samples, 1), { attempts: at(samples).attempts });
      Object.assign(at(samples, 2), { at: 70_000 });
      final.at = 70_000;
    },
  ],
  [
    'I12',
    'an unknown outcome was never found out',
    ({ samples, final }) => {
      for (const sample of samples) Object.assign(sample, { attempts: [seen('a', 'unknown', 1)] });
      final.at = 80_000;
    },
  ],
  [
    'I12',
    'something waited, and nothing was begun',
    ({ samples, final }) => {
      for (const sample of samples) Object.assign(sample, { waiting: 3, attempts: [] });
      final.at = 70_000;
    },
  ],
  [
    'I12',
    'nobody looked after the last fault',
    ({ samples, final }) => {
      samples.length = 0;
      Object.assign(at(final.generations), { completedAt: 20_000 });
    },
  ],
  ['I13', 'one of two waiting owners got everything', flood],
  [
    'media',
    'it was cancelled, and has media',
    ({ final }) => Object.assign(at(final.generations), { state: 'cancelled' }),
  ],
  ['media', 'a file is missing', ({ final }) => void final.files.pop()],
  ['media', 'a file is partial', ({ final }) => Object.assign(at(final.files), { sizeBytes: 4 })],
  ['media', 'a client was given other bytes', ({ media }) => Object.assign(at(media), { sha256: 'def' })],
  ['media', 'it succeeded without a file', ({ final }) => void final.assets.pop()],
];

/** A first try that was sent at 1.2 s and given up at 9 s. */
function absent({ final }: History, { firstCleanAt }: { firstCleanAt: number | null }): void {
  const tried = { id: 'first try', state: 'absent', operationId: null, sentAt: 1_200, closedAt: 9_000, firstCleanAt };
  final.attempts.push({ ...at(final.attempts), ...tried });
}

/** Thirty starts of the first while the second waits. */
function flood(history: History): void {
  const { final, accepts, ledger } = history;
  const add = (id: string, owner: string, startedAt: number) => {
    const [accept, generation, attempt, submit] = [
      at(accepts),
      at(final.generations),
      at(final.attempts),
      at(ledger.submits),
    ];
    accepts.push({ ...accept, idempotencyKey: id, prompt: id, owner, generationId: id });
    final.generations.push({ ...generation, id, owner, seq: 2 });
    final.attempts.push({ ...attempt, id: `attempt of ${id}`, generationId: id, createdAt: startedAt });
    final.events.push({ generationId: id, seq: 1, type: 'generation.queued', progress: null });
    final.events.push({ generationId: id, seq: 2, type: 'generation.succeeded', progress: null });
    final.usage.push({ generationId: id, state: 'booked' });
    final.assets.push({ ...at(final.assets), generationId: id });
    ledger.submits.push({
      ...submit,
      taskId: id,
      prompt: id,
      at: startedAt + 50_000 * ledger.submits.length,
      finishedAt: startedAt + 50_000 * ledger.submits.length + 1,
    });
  };
  for (let no = 0; no < 30; no += 1) add(`flood ${no}`, 'first', 5_000 + no * 100);
  add('flood at last', 'first', 20_000);
  add('patient', 'second', 20_001);
}

test.each(wrongs)('%s: %s', (invariant, _what, change) => {
  const history = good();
  change(history);
  const found = checkHistory(history);
  expect(found.map((violation) => violation.invariant)).toContain(invariant);
  expect(describeViolations(history)).toContain(invariant);
});

test('a submit that was looked for long enough may be called absent', () => {
  const history = good();
  absent(history, { firstCleanAt: 4_500 });
  expect(checkHistory(history)).toEqual([]);
});

test('of what its owner has deleted nothing need be left, but the upstream may not have seen it twice', () => {
  const history = good();
  history.final.generations.shift();
  history.views = [];
  history.deletes.push({ at: 8_000, generationId: 'a' });
  expect(checkHistory(history)).toEqual([]);
  history.ledger.submits.push({ ...at(history.ledger.submits), taskId: 'again', at: 9_000, finishedAt: 9_500 });
  expect(checkHistory(history)).toMatchObject([{ invariant: 'I2' }]);
});

test('two owners who are served in turn are served fairly', () => {
  const history = good();
  flood(history);
  for (const [no, generation] of history.final.generations.entries())
    generation.owner = no % 2 === 0 ? 'first' : 'second';
  expect(checkHistory(history).map(({ invariant }) => invariant)).not.toContain('I13');
});

test('recovery is the time in which the last of what was open has moved', () => {
  expect(recoveries(good())).toEqual([{ fault: 'Redis: FLUSHALL', tookMs: 2_100 }]);
});

test('what is printed of a generation tells its story in the order of time', () => {
  const history = good();
  history.ledger.submits.push({ ...at(history.ledger.submits), taskId: 'again', at: 9_000, finishedAt: 9_500 });
  const lines = describeViolations(history).split('\n');
  const place = (text: string) => lines.findIndex((line) => line.includes(text));
  expect(place('attempt 1 sent')).toBeGreaterThan(place('asked for by first'));
  expect(place('accepts again on pro')).toBeGreaterThan(place('accepts task of a on pro'));
  expect(place('Redis: FLUSHALL begins')).toBeGreaterThan(0);
});
