import { randomUUID } from 'node:crypto';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { type AcceptGeneration, acceptGeneration } from '../generations/accept-generation.js';
import { ensureOwner } from '../owners/ensure-owner.js';
import { findLinkedReference } from './find-linked-reference.js';
import { insertReference } from './insert-reference.js';
import { removeUnusedReferences } from './sweep-references.js';

let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  for (const id of ['ada', 'bob']) await ensureOwner(database, { id, name: id });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE generation, asset, lane_state CASCADE`;
});

const lane = 'sora:video:any:sora2';
async function stored(ownerId = 'ada'): Promise<string> {
  const id = randomUUID();
  const picture = { contentType: 'image/png', sizeBytes: 9, sha256: 'ab', width: 2, height: 3 };
  await insertReference(database, { id, ownerId, storageKey: `references/${id}.png`, ...picture });
  return id;
}
function command(assetIds: readonly string[], changes: Partial<AcceptGeneration> = {}): AcceptGeneration {
  const picture = { kind: 'image', contentType: 'image/png', sizeBytes: 9 } as const;
  const request: GenerationRequest = {
    ...{ kind: 'video', workflow: 'video', model: 'sora2-landscape-10s', prompt: 'a boat', orientation: 'landscape' },
    ...{ seconds: 10, frames: 300, upstream: { model: 'sy_8', size: 'small' } },
    references: assetIds.map((assetId) => ({ assetId, ...picture })),
  };
  return {
    ...{ id: `generation-${randomUUID()}`, ownerId: 'ada', apiKeyId: null, dialect: 'videos', provider: 'sora', lane },
    ...{ request, requestHash: 'h', deadlineMs: 60_000, waiter: 1n },
    ...changes,
  };
}
const linkOf = async (id: string) => (await database.asset.findUniqueOrThrow({ where: { id } })).generationId;
const gone = { code: 'invalid_reference' };

describe('accepting a generation with references', () => {
  it('links them to it, and lets its worker read them and no others', async () => {
    const [first, second, unrelated] = [await stored(), await stored(), await stored()];
    const accept = command([first, second, first]);
    expect(await acceptGeneration(database, accept)).toMatchObject({ outcome: 'accepted' });
    expect([await linkOf(first), await linkOf(second), await linkOf(unrelated)]).toEqual([accept.id, accept.id, null]);
    const of = { generationId: accept.id };
    expect(await findLinkedReference(database, { ...of, assetId: first })).toMatchObject({ id: first, sizeBytes: 9 });
    expect(await findLinkedReference(database, { ...of, assetId: unrelated })).toBeUndefined();
  });

  it.each<[string, () => Promise<string>]>([
    ['is not there', async () => 'none'],
    ['belongs to somebody else', () => stored('bob')],
    [
      'belongs to another generation',
      async () => {
        const id = await stored();
        await acceptGeneration(database, command([id]));
        return id;
      },
    ],
  ])('writes nothing when one %s', async (_name, arrange) => {
    const [good, bad] = [await stored(), await arrange()];
    const accept = command([good, bad], { idempotency: { key: 'k', keepMs: 60_000 } });
    await expect(acceptGeneration(database, accept)).rejects.toMatchObject(gone);
    expect(await linkOf(good)).toBeNull();
    expect(await database.generation.count({ where: { id: accept.id } })).toBe(0);
    expect(await database.idempotency.count()).toBe(0);
  });

  it('leaves them to be swept when it is not accepted: no account could serve it, or its key was used before', async () => {
    const idempotency = { key: 'k', keepMs: 60_000 };
    const first = command([await stored()], { idempotency });
    await acceptGeneration(database, first);
    const repeated = await stored();
    expect(await acceptGeneration(database, command([repeated], { idempotency }))).toMatchObject({
      ...{ outcome: 'repeated', generationId: first.id },
    });
    await database.laneState.create({ data: { lane, tokens: 0, simulated: 0, freeSlots: 0, waiting: 0 } });
    const unserved = await stored();
    expect(await acceptGeneration(database, command([unserved]))).toMatchObject({ outcome: 'unserved' });
    expect([await linkOf(repeated), await linkOf(unserved)]).toEqual([null, null]);
  });
});

describe('a reference', () => {
  it('that nothing uses is removed when it is old, and one that is used never', async () => {
    const [used, young, old] = [await stored(), await stored(), await stored()];
    await acceptGeneration(database, command([used]));
    const createdAt = new Date(Date.now() - 120_000);
    await database.asset.updateMany({ where: { id: { in: [used, old] } }, data: { createdAt } });
    expect(await removeUnusedReferences(database, { olderThanMs: 60_000, limit: 10 })).toEqual([
      `references/${old}.png`,
    ]);
    expect(await removeUnusedReferences(database, { olderThanMs: 60_000, limit: 10 })).toEqual([]);
    const left = await database.asset.findMany({ select: { id: true } });
    expect(left.map(({ id }) => id).sort()).toEqual([used, young].sort());
  });

  it('is either linked or swept when both come at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await stored();
      const accept = command([id]);
      const [accepted, swept] = await Promise.all([
        acceptGeneration(database, accept).then(
          () => true,
          () => false,
        ),
        removeUnusedReferences(database, { olderThanMs: -1_000, limit: 10 }),
      ]);
      expect([accepted, swept.length]).toEqual(accepted ? [true, 0] : [false, 1]);
      const row = await database.asset.findUnique({ where: { id } });
      expect(row?.generationId).toBe(accepted ? accept.id : undefined);
    }
  });
});
