import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { waitFor } from '@reelay/testing/wait-for';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { type AttachRetry, attachRetry } from './attach-retry.js';
import { holdWaiterKey, type WaiterKey } from './hold-waiter-key.js';
import { releaseWaiters } from './release-waiters.js';

let testDatabase: TestDatabase;
let database: Database;
let living: WaiterKey;
const dead = 4_711n;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
  living = await holdWaiterKey({ url: testDatabase.url, applicationName: 'test-waiter' });
});

afterAll(async () => {
  await living.close();
  await database.$disconnect();
  await testDatabase.drop();
});

/** Some generations of one request, waited for by `waiter`, oldest first. */
async function generations(requestHash: string, waiter: bigint | null, count = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = await insertGeneration(database);
    await database.generation.update({ where: { id }, data: { requestHash, waiter } });
    ids.push(id);
  }
  return ids;
}

const retry = (requestHash: string, changes: Partial<AttachRetry> = {}) =>
  attachRetry(database, { ownerId: 'owner-of-tests', requestHash, waiter: living.key, windowMs: 60_000, ...changes });

test('a request that ended without a result lets exactly one retry attach', async () => {
  const [id] = await generations('undelivered', living.key);
  await releaseWaiters(database, living.key, [{ generationId: id!, isDelivered: false }]);
  expect(await retry('undelivered')).toEqual({ outcome: 'attached', generationId: id });
  expect(await retry('undelivered')).toEqual({ outcome: 'busy' });
  await releaseWaiters(database, living.key, [{ generationId: id!, isDelivered: false }]);
  expect(await retry('undelivered')).toEqual({ outcome: 'attached', generationId: id });
});

test('what was delivered is attached to by nobody', async () => {
  const [id] = await generations('delivered', living.key);
  await releaseWaiters(database, living.key, [{ generationId: id!, isDelivered: true }]);
  expect(await retry('delivered')).toEqual({ outcome: 'none' });
});

test('telling the same end twice opens it to one retry only', async () => {
  const [id] = await generations('told-twice', living.key);
  const end = [{ generationId: id!, isDelivered: false }];
  await releaseWaiters(database, living.key, end);
  await releaseWaiters(database, living.key, end);
  expect(await database.generation.findUnique({ where: { id: id! } })).toMatchObject({ attachable: 1, waiter: null });
});

test('a generation whose gateway is dead may be attached to, one whose gateway lives may not', async () => {
  const [id] = await generations('dead', dead);
  expect(await retry('dead')).toEqual({ outcome: 'attached', generationId: id });
  await generations('alive', living.key);
  expect(await retry('alive')).toEqual({ outcome: 'busy' });
});

test('a gateway counts as dead as soon as its connection is closed', async () => {
  const other = await holdWaiterKey({ url: testDatabase.url, applicationName: 'test-waiter' });
  const [id] = await generations('dies', other.key);
  expect(await retry('dies')).toEqual({ outcome: 'busy' });
  await other.close();
  await waitFor(async () => (await retry('dies')).outcome === 'attached', { timeoutMs: 20_000 });
  expect(await database.generation.findUnique({ where: { id: id! } })).toMatchObject({ waiter: living.key });
});

test('the key is held again, under the same number, after its connection was cut', async () => {
  const other = await holdWaiterKey({ url: testDatabase.url, applicationName: 'test-cut' });
  await generations('cut', other.key);
  const isLocked = async () => (await retry('cut', { waiter: 1n, windowMs: 0 })).outcome;
  expect(other.isHeld()).toBe(true);
  await database.$queryRaw`SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE application_name = 'test-cut'`;
  await waitFor(() => !other.isHeld(), { timeoutMs: 20_000 });
  await waitFor(() => other.isHeld(), { timeoutMs: 20_000 });
  expect(await isLocked()).toBe('none');
  expect(await retry('cut')).toEqual({ outcome: 'busy' });
  await other.close();
});

test('equal retries at once share equal generations out, one each', async () => {
  const ids = await generations('crowd', dead, 4);
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => retry('crowd')));
  const attached = outcomes.flatMap((outcome) => (outcome.outcome === 'attached' ? [outcome.generationId] : []));
  expect(attached.sort()).toEqual([...ids].sort());
  expect(outcomes.filter(({ outcome }) => outcome === 'busy')).toHaveLength(1);
});

test('a retry meets a row that is being written to and waits for it instead of missing it', async () => {
  const [id] = await generations('locked', dead);
  let attached: Promise<unknown> | undefined;
  await database.$transaction(async (tx) => {
    await tx.$executeRaw`UPDATE generation SET progress = 5 WHERE id = ${id}`;
    attached = retry('locked');
    await waitFor(
      async () => {
        const [row] = await database.$queryRaw<{ waits: bigint }[]>`
          SELECT count(*) AS waits FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
        return row?.waits === 1n;
      },
      { timeoutMs: 1_500 },
    );
  });
  expect(await attached).toEqual({ outcome: 'attached', generationId: id });
});

test('neither another owner, nor another request, nor an old generation is attached to', async () => {
  const [id] = await generations('mine', dead);
  expect(await retry('mine', { ownerId: 'somebody-else' })).toEqual({ outcome: 'none' });
  expect(await retry('other')).toEqual({ outcome: 'none' });
  await database.$executeRaw`UPDATE generation SET created_at = now() - interval '1 hour' WHERE id = ${id}`;
  expect(await retry('mine')).toEqual({ outcome: 'none' });
});
