import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { ensureOwner } from '../owners/ensure-owner.js';
import { type AcceptGeneration, acceptGeneration } from './accept-generation.js';
import { countGenerations } from './count-generations.js';
import { findGeneration } from './find-generation.js';
import { readEventsAfter, readSeqs } from './read-events.js';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
  await ensureOwner(database, { id: 'ada', name: 'Ada' });
  await ensureOwner(database, { id: 'ada', name: 'Another name' });
});

afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

const request: GenerationRequest = {
  kind: 'video',
  workflow: 'video',
  model: 'sora2-landscape-10s',
  prompt: 'a paper boat',
  references: [],
  orientation: 'landscape',
  seconds: 10,
  frames: 300,
  upstream: { model: 'sy_8', size: 'small' },
};

let count = 0;
function accept(changes: Partial<AcceptGeneration> = {}): AcceptGeneration {
  count += 1;
  const id = `generation-${count}`;
  const lane = 'sora:video:any:sora2';
  return {
    id,
    ownerId: 'ada',
    apiKeyId: null,
    dialect: 'videos',
    provider: 'sora',
    lane,
    request,
    requestHash: 'h',
    deadlineMs: 60_000,
    waiter: 1n,
    ...changes,
  };
}

test('an accepted generation has its row, its first event and its reservation, or nothing', async () => {
  const command = accept();
  expect(await acceptGeneration(database, command)).toMatchObject({ outcome: 'accepted' });
  const found = await findGeneration(database, command);
  expect(found).toMatchObject({
    id: command.id,
    state: 'queued',
    stage: 'waiting',
    progress: 0,
    seq: 1,
    request,
    error: null,
    result: null,
  });
  const queued = { type: 'generation.queued', seq: 1, data: {} };
  const cursors = [0, 1].map((seq) => ({ generationId: command.id, seq }));
  expect(await readEventsAfter(database, cursors)).toEqual([[queued], []]);
  expect(await database.usage.findUnique({ where: { generationId: command.id } })).toMatchObject({ state: 'reserved' });
  await expect(acceptGeneration(database, command)).rejects.toThrow();
  expect(await database.generationEvent.count({ where: { generationId: command.id } })).toBe(1);
});

test('what an acceptance tells of the generation is what its row says', async () => {
  const laneState = { tokens: 2, simulated: 2, freeSlots: 0, waiting: 0 };
  await database.laneState.create({ data: { lane: 'sora:video:any:simulated', ...laneState } });
  const command = accept({ lane: 'sora:video:any:simulated' });
  const acceptance = await acceptGeneration(database, command);
  expect(acceptance).toEqual({ outcome: 'accepted', generation: await findGeneration(database, command) });
  expect(acceptance).toMatchObject({ generation: { simulated: true } });
});

test('what is pinned to the account of what it starts from is simulated as that was, until its lane is counted', async () => {
  const pinned = { lane: 'sora:video:any:sora2:token-1' };
  for (const simulated of [true, false]) {
    const parent = accept();
    await acceptGeneration(database, parent);
    await database.generation.update({ where: { id: parent.id }, data: { simulated } });
    const draft = { type: 'draft', id: 'gen_1', generationId: parent.id } as const;
    const command = accept({ ...pinned, request: { ...request, workflow: 'remix', parent: draft } });
    expect(await acceptGeneration(database, command)).toMatchObject({ generation: { simulated } });
    expect(await findGeneration(database, command)).toMatchObject({ simulated });
  }
  expect(await acceptGeneration(database, accept(pinned))).toMatchObject({ generation: { simulated: false } });
});

test('the deadline is counted by the clock of the database', async () => {
  const command = accept({ deadlineMs: 3_600_000 });
  await acceptGeneration(database, command);
  const [row] = await database.$queryRaw<{ is_right: boolean }[]>`
    SELECT deadline_at = created_at + interval '1 hour' AS is_right FROM generation WHERE id = ${command.id}`;
  expect(row).toEqual({ is_right: true });
});

test('a lane that no token could ever serve takes nothing, an unknown one does', async () => {
  const laneState = { tokens: 0, simulated: 0, freeSlots: 0, waiting: 0, reason: 'no account has the plan' };
  await database.laneState.create({ data: { lane: 'sora:video:pro:sora2', ...laneState } });
  const refused = accept({ lane: 'sora:video:pro:sora2', idempotency: { key: 'unserved', keepMs: 1_000 } });
  expect(await acceptGeneration(database, refused)).toEqual({ outcome: 'unserved', reason: 'no account has the plan' });
  expect(await findGeneration(database, refused)).toBeUndefined();
  expect(await database.idempotency.count({ where: { key: 'unserved' } })).toBe(0);
  expect(await acceptGeneration(database, accept({ lane: 'sora:video:any:unheard-of' }))).toMatchObject({
    outcome: 'accepted',
  });
});

describe('an Idempotency-Key', () => {
  test('makes one generation, however many requests come at once', async () => {
    const idempotency = { key: 'at-once', keepMs: 60_000 };
    const commands = Array.from({ length: 20 }, () => accept({ idempotency, requestHash: 'same' }));
    const outcomes = await Promise.all(commands.map((command) => acceptGeneration(database, command)));
    const winner = commands[outcomes.findIndex(({ outcome }) => outcome === 'accepted')];
    expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    const repeated = { outcome: 'repeated', generationId: winner?.id, requestHash: 'same', isDeleted: false };
    expect(outcomes.filter(({ outcome }) => outcome === 'repeated')).toEqual(Array(19).fill(repeated));
  });

  test('is used up when its time is over', async () => {
    const idempotency = { key: 'short', keepMs: 0 };
    expect(await acceptGeneration(database, accept({ idempotency }))).toMatchObject({ outcome: 'accepted' });
    expect(await acceptGeneration(database, accept({ idempotency }))).toMatchObject({ outcome: 'accepted' });
  });

  test('belongs to its owner', async () => {
    await ensureOwner(database, { id: 'bob', name: 'Bob' });
    const idempotency = { key: 'shared', keepMs: 60_000 };
    await acceptGeneration(database, accept({ idempotency }));
    expect(await acceptGeneration(database, accept({ idempotency, ownerId: 'bob' }))).toMatchObject({
      outcome: 'accepted',
    });
  });
});

test('nobody finds what belongs to somebody else', async () => {
  const command = accept();
  await acceptGeneration(database, command);
  expect(await findGeneration(database, { id: command.id, ownerId: 'bob' })).toBeUndefined();
});

test('seqs are read of those that exist, counts of all states', async () => {
  const command = accept();
  await acceptGeneration(database, command);
  expect(await readSeqs(database, [command.id, 'nobody'])).toEqual(new Map([[command.id, 1]]));
  const counts = await countGenerations(database);
  expect(Object.keys(counts).sort()).toEqual(['cancelled', 'failed', 'queued', 'running', 'succeeded']);
  expect(counts.queued).toBeGreaterThan(0);
});
