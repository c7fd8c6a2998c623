import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { Prisma } from '../generated/prisma/client.js';
import { findPlace } from '../lanes/find-place.js';
import { findPlaces } from '../lanes/find-places.js';
import { cancelGeneration } from './cancel-generation.js';
import { deleteGeneration } from './delete-generation.js';
import { type ListGenerations, listGenerations } from './list-generations.js';

// A machine may have other work; nothing here is about speed.
jest.setTimeout(120_000);

let file: TestDatabase;
let database: Database;
const ownerId = 'owner-of-tests';

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
});
afterAll(async () => {
  await database.$disconnect();
  await file.drop();
});
beforeEach(async () => {
  await database.$executeRaw`TRUNCATE generation CASCADE`;
});

/** In the order of their ages, oldest first; of two pairs the times are equal, and one differs by a microsecond. */
async function insertSeven(): Promise<string[]> {
  const ids: string[] = [];
  for (let count = 0; count < 7; count += 1) ids.push(await insertGeneration(database));
  const [a = '', b = '', ...rest] = ids;
  const [low = '', high = ''] = [a, b].sort();
  const times = ['00.000001', '00.000001', '00.000002', '01', '02', '03', '04'];
  const ordered = [low, high, ...rest];
  for (const [index, id] of ordered.entries()) {
    await database.$executeRaw`
      UPDATE generation SET created_at = ${`2026-01-01T00:00:${times[index]}Z`}::timestamptz WHERE id = ${id}`;
  }
  return ordered;
}

const list = (of: Partial<ListGenerations>) => listGenerations(database, { ownerId, limit: 100, order: 'desc', ...of });
const idsOf = async (of: Partial<ListGenerations>) => (await list(of))?.data.map(({ id }) => id);

async function walk(of: Partial<ListGenerations>, between: (page: string[]) => Promise<unknown> = async () => {}) {
  const seen: string[] = [];
  for (let after: string | undefined; ; after = seen.at(-1)) {
    const page = await list({ ...of, ...(after === undefined ? {} : { after }) });
    const ids = page?.data.map(({ id }) => id) ?? [];
    seen.push(...ids);
    if (!page?.hasMore) return seen;
    await between(ids);
  }
}

test.each([1, 2, 3, 7, 100])('pages of %i show each generation once, in both orders', async (limit) => {
  const ids = await insertSeven();
  expect(await walk({ limit, order: 'asc' })).toEqual(ids);
  expect(await walk({ limit, order: 'desc' })).toEqual(ids.toReversed());
});

test('what comes in meanwhile shifts no page', async () => {
  const ids = await insertSeven();
  expect(await walk({ limit: 2 }, () => insertGeneration(database))).toEqual(ids.toReversed());
});

test('whoever deletes what it reads comes to the end, and what is deleted never appears', async () => {
  const ids = await insertSeven();
  const remove = (page: string[]) => Promise.all(page.map((id) => deleteGeneration(database, { id, ownerId })));
  const seen = await walk({ limit: 3 }, remove);
  expect(seen).toEqual(ids.toReversed());
  expect(await idsOf({})).toEqual(ids.slice(0, 1));
});

test('shows nobody what belongs to somebody else, nor takes its id as a place', async () => {
  const [id = ''] = await insertSeven();
  expect(await list({ ownerId: 'somebody else' })).toEqual({ data: [], hasMore: false });
  expect(await list({ ownerId: 'somebody else', after: id })).toBeUndefined();
  expect(await list({ after: 'nothing' })).toBeUndefined();
});

test('one kind can be asked for, and of none only whether there is any', async () => {
  const video = await insertGeneration(database);
  const image = await insertGeneration(database, { request: { kind: 'image', workflow: 'image' } });
  expect(await idsOf({ kind: 'image' })).toEqual([image]);
  expect(await idsOf({ kind: 'video' })).toEqual([video]);
  expect(await list({ limit: 0 })).toEqual({ data: [], hasMore: true });
  expect(await list({ limit: 0, kind: 'enhance' })).toEqual({ data: [], hasMore: false });
});

test('places of many are those of each alone', async () => {
  const ids = await insertSeven();
  const image = await insertGeneration(database, { request: { kind: 'image', workflow: 'image' } });
  const urgent = await insertGeneration(database);
  await database.generation.update({ where: { id: urgent }, data: { priority: 9 } });
  await cancelGeneration(database, { id: ids[3] ?? '', ownerId });
  const places = await findPlaces(database, [...ids, image, urgent]);
  expect([...places.keys()].sort()).toEqual([...ids.filter((_, index) => index !== 3), image, urgent].sort());
  for (const [id, place] of places) expect([id, place]).toEqual([id, await findPlace(database, id)]);
  expect([places.get(urgent)?.position, places.get(ids[0] ?? '')?.position, places.get(image)?.position]).toEqual([
    1, 2, 1,
  ]);
  expect(await findPlaces(database, [])).toEqual(new Map());
});

/** So many of these kinds in turn; in portions, that a slow machine too writes each within the longest time of a statement. */
async function insertMany(kinds: readonly string[]): Promise<void> {
  await insertSeven();
  for (let from = 1; from < 2_000; from += 250) {
    await database.$executeRaw`
      INSERT INTO generation (id, owner_id, dialect, kind, model, provider, lane, request, request_hash, deadline_at, created_at)
      SELECT 'g' || no, ${ownerId}, dialect, kinds[1 + no % cardinality(kinds)], model, provider, lane,
        request || jsonb_build_object('kind', kinds[1 + no % cardinality(kinds)]), request_hash, deadline_at,
        now() - no * interval '1 second'
      FROM (SELECT *, ${[...kinds]}::text[] AS kinds FROM generation LIMIT 1) AS one,
        generate_series(${from}::integer, ${from + 249}::integer) AS no`;
  }
  await database.$executeRawUnsafe('ANALYZE generation');
}

async function planOf(of: Partial<ListGenerations>): Promise<string> {
  const plans: string[] = [];
  const explaining = {
    generation: database.generation,
    async $queryRaw(query: TemplateStringsArray, ...values: unknown[]) {
      const sql = Prisma.sql(query, ...values);
      const rows = await database.$queryRawUnsafe<object[]>(`EXPLAIN (GENERIC_PLAN) ${sql.text}`);
      plans.push(rows.map((row) => Object.values(row).join()).join('\n'));
      return database.$queryRaw(sql);
    },
  } as unknown as Database;
  const page = await listGenerations(explaining, { ownerId, after: 'g1000', limit: 20, order: 'desc', ...of });
  expect(page?.data).toHaveLength(20);
  expect(page?.data.filter(({ request }) => request.kind !== (of.kind ?? request.kind))).toEqual([]);
  return plans.join();
}

test('reads a page by the index of the owner, and sorts nothing', async () => {
  await insertMany(['video']);
  for (const order of ['asc', 'desc'] as const) {
    const plan = await planOf({ order });
    expect(plan).toMatch(/Index Scan.* using generation_owner/);
    expect(plan).not.toMatch(/Sort|Seq Scan/);
  }
});

test('reads a page of one kind without what its owner has of the others, and sorts nothing', async () => {
  // Few of it, and what is asked for is a small part of all.
  await insertMany(['image', 'image', 'enhance', 'image', 'image', 'video', 'image', 'image', 'image', 'character']);
  const found: string[] = [];
  for (const kind of ['video', 'image', 'character', 'enhance'] as const) {
    for (const order of ['asc', 'desc'] as const) {
      const plan = await planOf({ kind, order });
      found.push(`${kind} ${/using (generation_videos|generation_other_kinds)/.exec(plan)?.[1] ?? plan}`);
      expect(plan).not.toMatch(/Sort|Seq Scan/);
    }
  }
  const expected = [
    'video generation_videos',
    ...['image', 'character', 'enhance'].map((kind) => `${kind} generation_other_kinds`),
  ];
  expect(found).toEqual(expected.flatMap((line) => [line, line]));
});
