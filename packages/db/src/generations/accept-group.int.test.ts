import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { ensureOwner } from '../owners/ensure-owner.js';
import type { AcceptGeneration } from './accept-generation.js';
import { acceptGroup, type Group } from './accept-group.js';
import { attachRetry } from './attach-retry.js';
import { findGroup } from './find-group.js';
import { releaseWaiters } from './release-waiters.js';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, applicationName: 'test', poolSize: 15 });
  await ensureOwner(database, { id: 'ada', name: 'Ada' });
  await database.apiKey.create({
    data: { id: 'key', ownerId: 'ada', name: 'key', prefix: 'rly_', mac: Buffer.from('m') },
  });
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

const request: GenerationRequest = {
  kind: 'image',
  workflow: 'image',
  model: 'gpt-image',
  prompt: 'a paper boat',
  references: [],
  orientation: 'square',
  seconds: 0,
  frames: 1,
  upstream: { model: '', size: '' },
};

let groups = 0;

function groupOf(
  size: number,
  changes: Partial<AcceptGeneration> = {},
  ofFirst: Partial<AcceptGeneration> = {},
): Group {
  groups += 1;
  const common = {
    ...({
      ownerId: 'ada',
      apiKeyId: null,
      dialect: 'images',
      provider: 'sora',
      lane: 'sora:image:any:',
      request,
    } as const),
    ...{ requestHash: `hash ${groups}`, deadlineMs: 60_000, waiter: 1n, ...changes },
  };
  const member = (index: number, more: Partial<AcceptGeneration> = {}): AcceptGeneration => ({
    ...{ id: `group-${String(groups).padStart(3, '0')}-${index}`, ...common, ...more },
  });
  return [member(0, ofFirst), ...Array.from({ length: size - 1 }, (_, index) => member(index + 1))];
}

const count = (group: Group) => database.generation.count({ where: { id: { in: group.map(({ id }) => id) } } });

test('all of a group are accepted, in their order, each with its own first event and reservation', async () => {
  const group = groupOf(3);
  const ids = group.map(({ id }) => id);
  expect(await acceptGroup(database, group)).toEqual({ outcome: 'accepted' });
  expect(await findGroup(database, { groupId: group[0].id, ownerId: 'ada' })).toEqual(ids);
  expect(await findGroup(database, { groupId: group[0].id, ownerId: 'eve' })).toEqual([]);
  expect(await database.generationEvent.count({ where: { generationId: { in: ids } } })).toBe(3);
  expect(await database.usage.count({ where: { generationId: { in: ids } } })).toBe(3);
});

test('none of a group is accepted when one of them cannot be', async () => {
  const [first, second, third] = groupOf(3) as [AcceptGeneration, AcceptGeneration, AcceptGeneration];
  const reference = { assetId: 'gone', kind: 'image', contentType: 'image/png', sizeBytes: 1 } as const;
  const group: Group = [first, second, { ...third, request: { ...request, references: [reference] } }];
  await expect(acceptGroup(database, group)).rejects.toMatchObject({ code: 'invalid_reference' });
  expect(await count(group)).toBe(0);
});

test('groups and their limits: of many at once only whole ones are accepted, and never more than may be', async () => {
  const limits = { openPerKey: 10, open: 1_000 };
  const wanted = Array.from({ length: 8 }, () => groupOf(3, { apiKeyId: 'key', limits }));
  const outcomes = await Promise.all(wanted.map((group) => acceptGroup(database, group)));
  expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(3);
  for (const refused of outcomes.filter(({ outcome }) => outcome !== 'accepted')) {
    expect(refused).toMatchObject({ outcome: 'full', scope: 'key', most: 10 });
  }
  expect(await database.generation.count({ where: { apiKeyId: 'key' } })).toBe(9);
});

test('an Idempotency-Key makes one group of equal requests at once', async () => {
  const idempotency = { key: 'once', keepMs: 60_000 };
  const wanted = Array.from({ length: 6 }, () => groupOf(2, { requestHash: 'equal' }, { idempotency }));
  const outcomes = await Promise.all(wanted.map((group) => acceptGroup(database, group)));
  const accepted = wanted.filter((_, index) => outcomes[index]?.outcome === 'accepted');
  expect(accepted).toHaveLength(1);
  for (const other of outcomes.filter(({ outcome }) => outcome !== 'accepted')) {
    expect(other).toMatchObject({ outcome: 'repeated', generationId: accepted[0]?.[0].id, requestHash: 'equal' });
  }
  expect(await database.generation.count({ where: { requestHash: 'equal' } })).toBe(2);
});

test('a retry attaches to the group by its first, once, and never to another one of it', async () => {
  const group = groupOf(3);
  await acceptGroup(database, group);
  await releaseWaiters(database, 1n, [{ generationId: group[0].id, isDelivered: false }]);
  const attach = { ownerId: 'ada', requestHash: group[0].requestHash, waiter: 2n, windowMs: 60_000 };
  expect(await attachRetry(database, attach)).toEqual({ outcome: 'attached', generationId: group[0].id });
  await releaseWaiters(database, 2n, [{ generationId: group[0].id, isDelivered: true }]);
  expect(await attachRetry(database, attach)).toEqual({ outcome: 'none' });
});
