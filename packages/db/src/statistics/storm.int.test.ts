/** Many connections end work of the same accounts in every way at once, while others sum up: nothing is lost, doubled or dead-locked. */
import { randomUUID } from 'node:crypto';
import { type SlotKind, slotKinds } from '@reelay/contracts/domain';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import fc from 'fast-check';
import { assignLane } from '../assign/assign-lane.js';
import { acknowledgeSubmit } from '../attempts/acknowledge-submit.js';
import { beginSend } from '../attempts/begin-send.js';
import { closeAbsent, closeLost } from '../attempts/close-unknown.js';
import { markUnknown } from '../attempts/mark-unknown.js';
import { refuseByClientFault, refuseByTokenFault } from '../attempts/refuse-attempt.js';
import { writePollOutcomes } from '../attempts/write-poll-outcomes.js';
import { createDatabase, type Database } from '../client.js';
import type { Assigned } from '../factories/insert-generation.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting, videoLane } from '../factories/insert-waiting.js';
import { failGeneration } from '../generations/fail-generation.js';
import { finishGeneration } from '../generations/finish-generation.js';
import { removeHeldSlots } from '../repair/remove-held-slots.js';
import { applyTokenEvent } from '../tokens/apply-token-event.js';
import { poolSubject } from './daily-parts.js';
import { sumUpBookings } from './sum-up-bookings.js';

const connections = 8;
const count = 72;
/** What the storm leaves alone begins here. */
const alone = 60;

let file: TestDatabase;
let database: Database;
let works: (Assigned & { kind: SlotKind })[];
let faults: number;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test', poolSize: connections });
  for (let no = 0; no < 3; no += 1) await insertToken(database, { imageLimit: -1, videoLimit: -1 });
  works = [];
  for (const kind of slotKinds) await assign(kind);
  // Accounts and kinds mixed.
  works.sort((one, other) => one.attemptId.localeCompare(other.attemptId));
  faults = 0;
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});

async function assign(kind: SlotKind): Promise<void> {
  const lane = kind === 'video' ? videoLane : { ...videoLane, kind, sora2: false };
  await insertWaiting(database, { count: count / 2, lane });
  await assignLane(database, {
    ...{ lane, slotKind: kind, targets: { names: ['simulator'], simulated: ['simulator'] } },
    ...{ unlimitedSlots: count, slotlessPerToken: 1, batchSize: count, newId: randomUUID, turns: () => [] },
    onAssigned: (assignments) => {
      works.push(...assignments.map((assignment) => ({ ...assignment, kind, fence: 1n })));
    },
    signal: new AbortController().signal,
  });
  expect(works.filter((work) => work.kind === kind)).toHaveLength(count / 2);
}

const message = 'because';
const error = { code: 'upstream_failed', message } as const;
const operationOf = ({ attemptId }: Assigned) => ({ id: `task-${attemptId}` });
const steps = [
  'send',
  'send',
  'acknowledge',
  'acknowledge',
  'poll',
  'poll',
  'finish',
  'finish',
  'refuse',
  'blame',
] as const;
const ends = ['cancel', 'lose', 'miss', 'fault', 'sum up'] as const;
const commands = fc.array(fc.record({ does: fc.constantFrom(...steps, ...ends), on: fc.nat({ max: alone - 1 }) }), {
  minLength: 900,
  maxLength: 900,
  size: 'max',
});

/** A slow machine does fewer of them: they are dealt out until this time is over. */
const budgetMs = 5_000;

it('adds up to what the rows of generations and attempts say, without a deadlock', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (all) => {
      const left = all[Symbol.iterator]();
      const giveUpAt = performance.now() + budgetMs;
      const storm = Array.from({ length: connections }, async () => {
        for (const { does, on } of left) {
          await run(does, on);
          if (performance.now() > giveUpAt) break;
        }
      });
      await Promise.all([...storm, goAllWays()]);
      // Half of it by summing up, half as bookings that wait.
      for (const work of works.slice(0, count / 2)) await cancel(work);
      while ((await sumUpBookings(database, 'UTC')) > 0);
      for (const work of works.slice(count / 2)) await cancel(work);
    }),
    // What fails under concurrency does not fail again in the same way: no shrinking. The seed is printed.
    { numRuns: 1, endOnFailure: true },
  );
  // Those of lost attempts are over by now.
  await database.$executeRaw`UPDATE token_slot SET free_at = now() WHERE free_at IS NOT NULL`;
  await removeHeldSlots(database);
  const expected = await countRows();
  // Without this the test could pass by doing nothing.
  for (const name of ['submitted', 'succeeded', 'failed', 'clientFailed'] as const) {
    expect(Number(sumOf(expected, name))).toBeGreaterThan(0);
  }
  while ((await sumUpBookings(database, 'UTC')) > 0);
  expect(await sumDays()).toEqual(expected);
  expect(await poolEqualsAccounts()).toEqual([]);
  const [{ booked } = { booked: 0 }] = await database.$queryRaw<{ booked: number }[]>`
    SELECT sum(faults)::integer AS booked FROM statistics_day WHERE subject = ${poolSubject}`;
  expect(booked).toBe(faults);
  const [{ deadlocks } = { deadlocks: -1 }] = await database.$queryRaw<{ deadlocks: number }[]>`
    SELECT deadlocks::integer FROM pg_stat_database WHERE datname = current_database()`;
  expect(deadlocks).toBe(0);
}, 120_000);

/** With work that the storm leaves alone, so that there is something to count whatever it does. */
async function goAllWays(): Promise<void> {
  for (let on = alone; on < count; on += 1) {
    const ways = [
      ['send', 'acknowledge', 'poll', 'finish'],
      ['send', 'refuse'],
      ['send', 'blame'],
    ] as const;
    for (const does of ways[on % 3] ?? []) await run(does, on);
  }
}

async function run(does: (typeof steps)[number] | (typeof ends)[number], on: number): Promise<void> {
  const work = works[on] as (typeof works)[number];
  const { attemptId, generationId, tokenId, kind } = work;
  if (does === 'send') {
    // Without a list of what was known before: it waits for no turn.
    await beginSend(database, work);
  } else if (does === 'acknowledge') {
    const from = ['sent', 'unknown'] as const;
    await acknowledgeSubmit(database, { ...work, operation: operationOf(work), from, litterId: randomUUID() });
  } else if (does === 'poll') {
    await poll(on);
  } else if (does === 'finish') {
    await finishGeneration(database, { generationId, ownerId: 'owner-of-tests' }, []);
  } else if (does === 'refuse') {
    await refuseByClientFault(database, { attemptId, generationId, from: ['sent'], reason: message, error });
  } else if (does === 'blame') {
    const tokenEvent = { type: 'fault', slotKinds: [kind], reason: message, rests: true } as const;
    const more = { excludedForMs: 20, isPinned: false, maximumRefusals: 1, note: message };
    const given = { ...work, ...more, tokenEvent, from: ['sent'] as const, reason: message, error };
    if ((await refuseByTokenFault(database, given)).wasClosed) faults += 1;
  } else if (does === 'cancel') {
    await cancel(work);
  } else if (does === 'fault') {
    await applyTokenEvent(database, tokenId, {
      type: 'fault',
      slotKinds: ['image', 'video'],
      reason: message,
      rests: true,
    });
    faults += 1;
  } else if (does === 'sum up') {
    await sumUpBookings(database, 'UTC');
  } else {
    await markUnknown(database, attemptId, message);
    if (does === 'lose') await closeLost(database, { ...work, reason: message, maximumTaskMs: 1 });
    else await closeAbsent(database, { ...work, reason: message });
  }
}

/** Outcomes of one account and both kinds in one transaction, in no particular order. */
async function poll(on: number): Promise<void> {
  const { tokenId } = works[on] as (typeof works)[number];
  const mine = works.slice(0, alone).filter((work) => work.tokenId === tokenId);
  const polled = on < alone ? [...mine.slice(on % mine.length), ...mine].slice(0, 5) : works.slice(on, on + 1);
  await writePollOutcomes(database, {
    ...{ pending: [], progressed: [], next: [] },
    done: polled.slice(0, 4).map((work) => ({ ...work, operation: operationOf(work), media: [] })),
    refused: polled.slice(4).map((work) => ({ ...work, error })),
  });
}

function cancel({ generationId }: Assigned): Promise<unknown> {
  return failGeneration(database, generationId, { code: 'cancelled', message });
}

interface Counted {
  subject: string;
  kind: string;
  submitted: number;
  succeeded: number;
  failed: number;
  clientFailed: number;
}

function sumOf(rows: readonly Counted[], name: Exclude<keyof Counted, 'subject' | 'kind'>): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

/** From the truth itself. A work whose account gave it back has no account at its end. */
function countRows(): Promise<Counted[]> {
  return database.$queryRaw`
    SELECT subject, kind, sum(submitted)::integer AS submitted, sum(succeeded)::integer AS succeeded,
      sum(failed)::integer AS failed, sum(client_failed)::integer AS "clientFailed"
    FROM (
      SELECT attempt.token_id AS subject, kind, 1 AS submitted, 0 AS succeeded, 0 AS failed, 0 AS client_failed
      FROM submit_attempt AS attempt JOIN generation ON generation.id = generation_id WHERE acked_at IS NOT NULL
      UNION ALL
      SELECT token_id, kind, 0, (state = 'succeeded')::integer, (state = 'failed' AND fault IS DISTINCT FROM 'client')::integer,
        (state = 'failed' AND fault IS NOT DISTINCT FROM 'client')::integer
      FROM generation WHERE completed_at IS NOT NULL AND token_id IS NOT NULL
    ) AS row GROUP BY subject, kind ORDER BY subject, kind`;
}

function sumDays(): Promise<Counted[]> {
  return database.$queryRaw`
    SELECT subject, kind, sum(submitted)::integer AS submitted, sum(succeeded)::integer AS succeeded,
      sum(failed)::integer AS failed, sum(client_failed)::integer AS "clientFailed"
    FROM statistics_day WHERE subject <> ${poolSubject} AND kind <> 'account' GROUP BY subject, kind ORDER BY subject, kind`;
}

/** Days on which they differ in what only accounts do. */
function poolEqualsAccounts(): Promise<object[]> {
  return database.$queryRaw`
    SELECT kind, day FROM statistics_day GROUP BY kind, day
    HAVING sum(submitted) FILTER (WHERE subject = ${poolSubject}) <> sum(submitted) FILTER (WHERE subject <> ${poolSubject})
      OR sum(busy_ms) FILTER (WHERE subject = ${poolSubject}) <> sum(busy_ms) FILTER (WHERE subject <> ${poolSubject})`;
}
