/**
 * Who gets the slots that come back, one by one, when keys want unequally much: the real assigner over renders whose clock is
 * the test's own: nothing here is measured.
 */
import { closeAttempt } from '@reelay/db/attempts/close-attempt';
import { createDatabase, type Database } from '@reelay/db/client';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { createSettingsReader } from '@reelay/db/settings';
import { inTransaction } from '@reelay/db/transaction';
import { createLogger } from '@reelay/platform/logger';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { Assigner, type AssignerOptions } from './assigner.js';

const slots = 4;
const silent = createLogger({ app: 'test', level: 'silent' });
let file: TestDatabase;
let database: Database;
interface Start {
  attemptId: string;
  generationId: string;
  apiKeyId: string;
}

/** Those of other replicas know nothing of whom this one served. */
let replicas: Assigner[];
/** All of them, and those whose render goes on. */
let begun: Start[];
let running: Start[];

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
  begun = [];
  running = [];
  replicas = Array.from(
    { length: 2 },
    () =>
      new Assigner({
        ...{ database, queues, settings: createSettingsReader(database), onRound: () => {}, log: silent },
        ...{ targets: { names: ['simulator'], simulated: [] }, signal: new AbortController().signal },
      }),
  );
  await insertToken(database, { videoLimit: slots });
});

/** Gives out what is free; the keys that started, in order. */
async function assign(replica = 0): Promise<string[]> {
  const already = begun.length;
  await replicas[replica]!.assign();
  return begun.slice(already).map(({ apiKeyId }) => apiKeyId);
}

/** What the worker hears of. */
const queues: AssignerOptions['queues'] = {
  async enqueueMany(_name, payloads) {
    const ids = payloads.flatMap((payload) => ('generationId' in payload ? [payload.generationId] : []));
    const attempts = await database.submitAttempt.findMany({ where: { generationId: { in: ids } } });
    const generations = await database.generation.findMany({ where: { id: { in: ids } } });
    const attemptOf = new Map(attempts.map(({ generationId, id }) => [generationId, id]));
    const keyOf = new Map(generations.map(({ id, apiKeyId }) => [id, apiKeyId]));
    for (const generationId of ids) {
      const start = { attemptId: attemptOf.get(generationId)!, generationId, apiKeyId: keyOf.get(generationId) ?? '' };
      begun.push(start);
      running.push(start);
    }
    return true;
  },
};

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

it.each([1, 2])(
  'gives a key that has little waiting its half beside one with a thousand rows, replicas: %d',
  async (count) => {
    await insertWaiting(database, { count: 1_000, apiKeyId: 'flood' });
    const starts: string[] = [];
    for (let tick = 0; tick < 40; tick += 1) {
      await keepWaiting('steady');
      if (running.length === slots) await endOldest();
      starts.push(...(await assign(tick % count)));
    }
    expect(starts.filter((key) => key === 'steady').length / starts.length).toBeGreaterThanOrEqual(0.45);
  },
  120_000,
);

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
  // One tick is one render time divided by the slots: the next slot that comes back is its own.
  expect(waits.sort((left, right) => left - right)[4]).toBe(1);
}, 120_000);
