/** Who gets the slots that come back, one by one, when keys want unequally much: the real assignment over a render that takes turns. */
import { randomUUID } from 'node:crypto';
import { type AssignLane, assignLane } from '@reelay/db/assign/assign-lane';
import { closeAttempt } from '@reelay/db/attempts/close-attempt';
import { createDatabase, type Database } from '@reelay/db/client';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting, videoLane } from '@reelay/db/factories/insert-waiting';
import { inTransaction } from '@reelay/db/transaction';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { Turns } from './turns.js';

const slots = 4;
let file: TestDatabase;
let database: Database;
let turns: Turns;
let running: { attemptId: string; generationId: string }[];

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE token, generation, api_key CASCADE`;
  turns = new Turns();
  running = [];
  await insertToken(database, { videoLimit: slots });
});

/** Gives out what is free; the keys that started, in order. */
async function assign(): Promise<string[]> {
  const started: string[] = [];
  const options: AssignLane = {
    ...{ lane: videoLane, slotKind: 'video', targets: { names: ['simulator'], simulated: [] }, unlimitedSlots: 100 },
    ...{ slotlessPerToken: 4, batchSize: 50, newId: randomUUID, turns: () => turns.ofKeys() },
    onAssigned: (assignments, rows) => {
      running.push(...assignments);
      started.push(...rows.map(({ apiKeyId }) => apiKeyId ?? ''));
      turns.note(
        'lane',
        rows.map(({ apiKeyId }) => apiKeyId),
      );
    },
    signal: new AbortController().signal,
  };
  await assignLane(database, options);
  return started;
}

/** A render takes as many ticks as there are slots, so with each tick the oldest one ends. */
async function endOldest(): Promise<void> {
  const { attemptId, generationId } = running.shift()!;
  await inTransaction(database, async (tx) => {
    await tx.$executeRaw`
      UPDATE generation SET state = 'cancelled', stage = 'ended', completed_at = now(), error = '{}' WHERE id = ${generationId}`;
    await closeAttempt(tx, { attemptId, from: ['intent'], to: 'not_sent' });
  });
}

const waitingOf = (apiKeyId: string) =>
  database.generation.count({ where: { apiKeyId, state: 'queued', tokenId: null } });

/** As many waiting as there are slots, always. */
async function keepWaiting(apiKeyId: string): Promise<void> {
  const missing = slots - (await waitingOf(apiKeyId));
  if (missing > 0) await insertWaiting(database, { count: missing, apiKeyId, ageMs: 0 });
}

it('gives a key that has little waiting its half beside one with a thousand rows', async () => {
  await insertWaiting(database, { count: 1_000, apiKeyId: 'flood' });
  const starts: string[] = [];
  for (let tick = 0; tick < 60; tick += 1) {
    await keepWaiting('steady');
    if (running.length === slots) await endOldest();
    starts.push(...(await assign()));
  }
  expect(starts.filter((key) => key === 'steady').length / starts.length).toBeGreaterThanOrEqual(0.45);
});

it('lets a key that sends one at a time have the next slot, behind a flood and a steady one', async () => {
  await insertWaiting(database, { count: 1_000, apiKeyId: 'flood' });
  await keepWaiting('steady');
  await assign();
  const waits: number[] = [];
  const tick = async () => {
    await keepWaiting('steady');
    await endOldest();
    return assign();
  };
  for (let sent = 0; sent < 9; sent += 1) {
    await insertWaiting(database, { apiKeyId: 'single', ageMs: 0 });
    let ticks = 1;
    while (!(await tick()).includes('single')) ticks += 1;
    waits.push(ticks);
    // It sends the next one when this one is done.
    for (let rendered = 0; rendered < slots; rendered += 1) await tick();
  }
  // One tick is one render time divided by the slots.
  expect(waits.sort((left, right) => left - right)[4]).toBe(1);
});
