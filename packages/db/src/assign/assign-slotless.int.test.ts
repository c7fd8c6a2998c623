import { randomUUID } from 'node:crypto';
import type { Lane } from '@reelay/contracts/lane';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertToken } from '../factories/insert-token.js';
import { insertWaiting } from '../factories/insert-waiting.js';
import { assignLane } from './assign-lane.js';
import type { Assignment } from './take-slots.js';

let file: TestDatabase;
let database: Database;

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
});

const lane: Lane = { provider: 'sora', kind: 'enhance', plan: 'any', sora2: true };

async function assign(slotlessPerToken = 4): Promise<Assignment[]> {
  const assigned: Assignment[] = [];
  await assignLane(database, {
    ...{ lane, slotKind: undefined, unlimitedSlots: 100, slotlessPerToken, batchSize: 50, newId: randomUUID },
    ...{ targets: { names: ['simulator'], simulated: ['simulator'] }, turns: () => [] },
    onAssigned: (assignments) => assigned.push(...assignments),
    signal: new AbortController().signal,
  });
  return assigned;
}
const counts = async () => {
  const groups = await database.submitAttempt.groupBy({ by: ['tokenId'], _count: true, where: { slotless: true } });
  return new Map(groups.map((group) => [group.tokenId, group._count]));
};

describe('work that holds no slot', () => {
  it('is assigned with an attempt and without a slot, also to an account all of whose slots are taken', async () => {
    const tokenId = await insertToken(database, { videoLimit: 1, remaining: 0 });
    const [generationId = ''] = await insertWaiting(database, { lane });
    const [assignment] = await assign();
    expect(assignment).toMatchObject({ generationId, tokenId });
    expect(await database.tokenSlot.count()).toBe(0);
    expect(await database.submitAttempt.findMany()).toMatchObject([
      {
        id: assignment?.attemptId,
        generationId,
        tokenId,
        state: 'intent',
        slotless: true,
        takesTurn: false,
        fence: 1n,
        n: 1,
      },
    ]);
    expect(await database.generation.findUniqueOrThrow({ where: { id: generationId } })).toMatchObject({
      ...{ tokenId, fence: 1n, simulated: true },
    });
  });

  it('is spread over the accounts, as much to each as the setting says and the rest later', async () => {
    const tokens = [await insertToken(database), await insertToken(database), await insertToken(database)];
    await insertWaiting(database, { lane, count: 4 });
    expect(await assign(2)).toHaveLength(4);
    expect([...(await counts()).values()].sort()).toEqual([1, 1, 2]);
    await insertWaiting(database, { lane, count: 9 });
    expect(await assign(2)).toHaveLength(2);
    expect(await counts()).toEqual(new Map(tokens.map((id) => [id, 2])));
    expect(await assign(2)).toEqual([]);
  });

  it('is assigned once however many assigners there are, and never beyond the setting', async () => {
    await insertToken(database);
    await insertToken(database);
    await insertWaiting(database, { lane, count: 20 });
    const all = (await Promise.all([assign(), assign(), assign(), assign()])).flat();
    const rest = await assign();
    const ids = [...all, ...rest].map(({ generationId }) => generationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...(await counts()).values()]).toEqual([4, 4]);
  });

  it('is shared between keys that wait', async () => {
    await insertToken(database);
    await insertWaiting(database, { lane, count: 6, apiKeyId: 'loud', ageMs: 600_000 });
    const quiet = await insertWaiting(database, { lane, count: 2, apiKeyId: 'quiet' });
    const taken = new Set((await assign()).map(({ generationId }) => generationId));
    expect(quiet.filter((id) => taken.has(id))).toHaveLength(2);
  });

  it.each([
    ['rests from videos', { videoCoolingUntil: new Date(Date.now() + 3_600_000) }],
    ['is switched off for videos', { videoEnabled: false }],
    ['has no Sora 2', { sora2: false }],
    ['needs attention', { state: 'needs_attention' }],
    ['was deleted', { hiddenAt: new Date() }],
  ])('is not given to an account that %s', async (_why, data) => {
    const id = await insertToken(database);
    await database.token.update({ where: { id }, data });
    await insertWaiting(database, { lane });
    expect(await assign()).toEqual([]);
  });
});
