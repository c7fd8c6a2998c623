/**
 * The breaking suite. Short: every fault once and some pairs, while generations are made; long, with `--injections`: as many as asked
 * for, at random by a seed. What clients, database and upstream saw is judged offline by the invariants of the design.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { root } from '../support/stack.js';
import { standWith } from './catalogue/mutations.js';
import { allFaults, longPlan, mutationPlan, shortPlan } from './catalogue/plans.js';
import { woken } from './catalogue/processes.js';
import { checkHistory, type Invariant, invariants, type Violation } from './judge/check-history.js';
import { describeViolations } from './judge/describe.js';
import type { History } from './judge/history.js';
import { insertReport, reportOf } from './judge/report.js';
import { shrink } from './judge/shrink.js';
import { type Plan, runPlan } from './stand/run-plan.js';
import { Stand } from './stand/stand.js';
import { graceMs, runUnscaled, times, type Unscaled, type UnscaledFault } from './stand/unscaled.js';

/** Each row of the crash matrix, and the faults that play it. */
const crashMatrix: readonly [row: string, faults: readonly string[]][] = [
  ['C1 gateway dies before the commit of the accept', ['crash at accept.before-commit']],
  ['C2 gateway dies after the commit, before the answer', ['crash at accept.before-answer']],
  ['C3 gateway dies after the commit, before the bell', ['crash at accept.before-bell']],
  ['C4 after the slot and the intent', ['crash at assign.before-bell', 'crash at run.before-sent']],
  ['C5 after sent, before the first byte', ['crash at run.after-sent', 'SIGSTOP at run.after-sent']],
  ['C6 after the upstream accepted, before the answer is read', ['both workers killed between accept and answer']],
  ['C7 after the answer, before it is stored', ['crash at run.after-answer']],
  ['C8 after it is stored, before a poll is planned', ['crash at run.after-acked']],
  ['C9 in the middle of a poll', ['crash at poll.before-commit', 'crash at poll.after-commit']],
  [
    'C10 before, in and after the download',
    ['crash at poll.after-commit', 'crash at finish.after-download', 'crash at storage.before-rename'],
  ],
  ['C11 after the file is stored, before the end', ['crash at finish.after-stored']],
  ['C12 after the end, before it is told', ['crash at finish.after-commit', 'pub/sub: black hole']],
  ['C13 around the refresh of a credential', ['crash at refresh.before-call', 'crash at refresh.before-store']],
  [
    'C15 the holder sleeps and wakes',
    ['SIGSTOP at run.before-sent', woken, 'SIGSTOP worker-1', 'SIGSTOP token-manager'],
  ],
];

const injections = Number(process.env.FAULT_INJECTIONS ?? 0);
// Without a seed the pairs go on from day to day.
const seed = Number(process.env.FAULT_SEED ?? Math.floor(Date.now() / 86_400_000));
/** Only to see that the suite notices: see docs/reliability.md. */
const mutation = process.env.FAULT_MUTATION;
const plan: Plan = mutation ? mutationPlan(mutation) : injections > 0 ? longPlan(seed, injections) : shortPlan(seed, 6);
const command = `npm run test:faults -- ${injections > 0 ? `--injections ${injections} ` : ''}--seed ${seed}`;

let history: History;
let violations: readonly Violation[];
let unscaled: Promise<Record<UnscaledFault, Unscaled>> | undefined;

beforeAll(async () => {
  const startedAt = new Date();
  if (injections === 0 && !mutation) {
    unscaled = runUnscaled();
    // It is judged by its own tests.
    unscaled.catch(() => {});
  }
  history = await runOnce(plan);
  violations = checkHistory(history);
  if (process.env.FAULT_REPORT) {
    const machine = `${cpus().length} cores, Node ${process.version}`;
    const run = { command, seed, injections, startedAt, tookMs: Date.now() - startedAt.getTime(), machine };
    const file = path.join(root, 'docs/reliability.md');
    writeFileSync(file, insertReport(readFileSync(file, 'utf8'), reportOf(history, run)));
  }
}, 90 * 60_000);

/** Has a stack of its own, which nobody else would end when the suite fails early. */
afterAll(async () => {
  await unscaled?.catch(() => {});
}, 300_000);

test.each(Object.keys(invariants) as Invariant[])(
  '%s holds over everything that was seen',
  async (invariant) => {
    const own = violations.filter((violation) => violation.invariant === invariant);
    if (own.length === 0) return;
    const told = [`${invariants[invariant]}. To see it again: ${command}`, describeViolations(history, own)];
    if (process.env.FAULT_SHRINK) told.push(await shortest(invariant));
    throw new Error(told.join('\n\n'));
  },
  120 * 60_000,
);

test('the upstream accepted one submit for each generation, and none beyond', () => {
  const prompts = history.ledger.submits.map(({ prompt }) => prompt);
  expect(prompts.length - new Set(prompts).size).toBe(0);
  expect(prompts.length).toBeGreaterThanOrEqual(plan.generations / 2);
});

if (!mutation) {
  test('what nobody called off was made, all but a few: to fail everything in good order is no reliability', () => {
    const deleted = new Set(history.deletes.map(({ generationId }) => generationId));
    const wanted = history.final.generations.filter(({ id, state }) => state !== 'cancelled' && !deleted.has(id));
    const failed = wanted
      .filter(({ state }) => state !== 'succeeded')
      .map(({ id, errorCode }) => `${id}: ${errorCode}`);
    expect(failed.length <= wanted.length / 10 ? [] : failed).toEqual([]);
  });
}

if (injections === 0 && !mutation) {
  test('every fault was injected, and struck somebody', () => {
    const injected = new Set(history.faults.map(({ name }) => name));
    expect(allFaults.map(({ name }) => name).filter((name) => !injected.has(name))).toEqual([]);
  });

  test('C14 cancels and deletes race with submits and with ends: each generation has one end', () => {
    const calledOff = [...history.cancels, ...history.deletes].map(({ generationId }) => generationId);
    expect(new Set(history.cancels.map(({ state }) => state)).has('cancelled')).toBe(true);
    expect(history.deletes.length).toBeGreaterThan(0);
    expect(violations.filter(({ generationId }) => calledOff.includes(generationId ?? ''))).toEqual([]);
  });

  test('event streams were followed to their ends over all that, without a gap', () => {
    expect(history.streams.length).toBeGreaterThan(0);
    expect(history.streams.filter(({ isWhole }) => !isWhole)).toEqual([]);
    expect(violations.filter(({ invariant }) => invariant === 'I5')).toEqual([]);
  });

  test.each<[UnscaledFault, { states: string[]; fromMs: number; toMs: number }]>([
    // The account's list shows the task as soon as it is asked for.
    ['an answer that never comes', { states: ['ended'], fromMs: times.timeoutMs, toMs: times.timeoutMs + graceMs }],
    [
      'a submit that never arrives',
      {
        states: ['absent', 'ended'],
        fromMs: times.timeoutMs + times.settleMs,
        toMs: times.timeoutMs + times.settleMs + graceMs,
      },
    ],
  ])(
    '%s is made up for in the times of the design, which are not scaled here',
    async (fault, { states, fromMs, toMs }) => {
      const seen = (await unscaled)?.[fault];
      expect(seen).toMatchObject({ state: 'completed', acceptedSubmits: 1 });
      expect(seen?.attempts.map(({ state }) => state)).toEqual(states);
      // A second for clocks that are set meanwhile.
      expect(seen?.attempts[0]?.resolvedMs).toBeGreaterThanOrEqual(fromMs - 1_000);
      expect(seen?.attempts[0]?.resolvedMs).toBeLessThanOrEqual(toMs);
    },
    300_000,
  );

  test.each(crashMatrix)('%s: nothing is lost and nothing doubled', (_row, faults) => {
    const played = history.faults.filter(({ name }) => faults.includes(name));
    expect(new Set(played.map(({ name }) => name))).toEqual(new Set(faults));
    const concerned = new Set(
      history.samples
        .filter(({ at }) => played.some(({ from, to }) => at >= from - 1_000 && at <= to + 1_000))
        .flatMap(({ attempts }) => attempts.map(({ generationId }) => generationId)),
    );
    expect(concerned.size).toBeGreaterThan(0);
    expect(violations.filter(({ generationId }) => generationId !== undefined && concerned.has(generationId))).toEqual(
      [],
    );
  });
}

async function runOnce(which: Plan): Promise<History> {
  // Fewer slots than clients: some always wait, and a slot that is free too early is taken at once.
  const stand = await Stand.start({ moreAccounts: 1, ...(mutation !== undefined && standWith(mutation)) });
  try {
    return await runPlan(stand, which);
  } catch (error) {
    const said = stand.lines.filter((line) => !line.includes('"message":"request"')).slice(-25);
    throw new Error([(error as Error).message, `To see it again: ${command}`, ...said].join('\n'));
  } finally {
    await stand.stop();
  }
}

async function shortest(invariant: Invariant): Promise<string> {
  let last = '';
  const fails = async (steps: Plan['steps']) => {
    const again = await runOnce({ ...plan, steps, generations: 0 });
    const own = checkHistory(again).filter((violation) => violation.invariant === invariant);
    const text = describeViolations(again, own);
    if (text !== '') last = text;
    return text !== '';
  };
  const kept = await shrink(plan.steps, fails, 16);
  const steps = kept.map(({ faults, holdMs }) => `${faults.map(({ name }) => name).join(' with ')}, ${holdMs} ms`);
  return [`${kept.length} of ${plan.steps.length} steps are enough:`, ...steps, last].join('\n');
}
