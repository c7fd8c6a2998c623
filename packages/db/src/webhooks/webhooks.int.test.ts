import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { createDatabase, type Database } from '../client.js';
import { insertGeneration } from '../factories/insert-generation.js';
import { cancelGeneration } from '../generations/cancel-generation.js';
import { deleteGeneration } from '../generations/delete-generation.js';
import { endGeneration, type GenerationEnd } from '../generations/end-generation.js';
import { inTransaction } from '../transaction.js';
import { claimDeliveries, findDueEndpoints, returnDelivery } from './claim-deliveries.js';
import { handOnOperatorEvents } from './hand-on-operator-events.js';
import { deleteOldDeliveries, findDelivery, listDeliveries, replayDelivery } from './list-deliveries.js';
import { type AttemptOutcome, recordAttempt } from './record-attempt.js';
import { deleteEndpoint, insertEndpoint, updateEndpoint } from './webhook-endpoints.js';

let testDatabase: TestDatabase;
let database: Database;
const owner = 'owner-of-tests';
let made = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, applicationName: 'test' });
  for (const id of [owner, 'stranger']) await database.owner.create({ data: { id, name: id } });
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});
beforeEach(async () => {
  await database.webhookDelivery.deleteMany();
  await database.webhookEndpoint.deleteMany();
  await database.operatorEvent.deleteMany();
});

async function endpoint(eventTypes: string[], ownerId: string | null = owner): Promise<string> {
  made += 1;
  const id = `whe_${String(made).padStart(6, '0')}`;
  const plain = { name: id, url: 'https://example.com', secretSealed: 's', secretHint: 'h' };
  await insertEndpoint(database, { id, ownerId, eventTypes, ...plain }, 1_000);
  return id;
}

const succeeded: GenerationEnd = { state: 'succeeded', result: { media: [] } };
const failed: GenerationEnd = { state: 'failed', error: { code: 'upstream_failed', message: 'It broke.' } };

async function end(end: GenerationEnd, request = {}): Promise<string> {
  const id = await insertGeneration(database, { request });
  await inTransaction(database, (tx) => endGeneration(tx, id, end));
  return id;
}

async function told(endpointId?: string) {
  const rows = await database.webhookDelivery.findMany({
    where: endpointId === undefined ? {} : { endpointId },
    orderBy: { eventType: 'asc' },
  });
  return rows.map(({ eventType, data }) => [eventType, (data as { id: string }).id]);
}

const claim = (endpointId: string, limit = 10, claimMs = 60_000) =>
  claimDeliveries(database, { endpointId, limit, claimMs });
const policy = { pauseMs: 60_000, retryForMs: 3_600_000, disableAfterMs: 3_600_000 };
const outcome = (fields: Pick<AttemptOutcome, 'deliveryId' | 'endpointId' | 'n' | 'isTaken'>): AttemptOutcome => ({
  ...{ statusCode: fields.isTaken ? 200 : 500, error: null, response: 'answer', durationMs: 5 },
  ...fields,
});
const pass = (table: 'claimed_until' | 'next_try_at' | 'round_began_at' | 'created_at') =>
  database.$executeRawUnsafe(`UPDATE webhook_delivery SET ${table} = now() - interval '2 days'`);

test('the end of a generation is told to the endpoints of its owner and of the operator that asked for it', async () => {
  const mine = await endpoint(['video.completed', 'generation.succeeded', 'image.completed']);
  const operators = await endpoint(['generation.succeeded'], null);
  await endpoint(['video.failed']);
  const strangers = await endpoint(['video.completed', 'generation.succeeded'], 'stranger');
  const id = await end(succeeded);
  expect(await told(mine)).toEqual([
    ['generation.succeeded', `video_${id}`],
    ['video.completed', `video_${id}`],
  ]);
  expect(await told(operators)).toEqual([['generation.succeeded', `video_${id}`]]);
  expect(await told(strangers)).toEqual([]);
  const ids = (await database.webhookDelivery.findMany()).map(({ eventType, eventId }) => `${eventType} ${eventId}`);
  expect(new Set(ids).size).toBe(2);
  expect(ids[0]).toMatch(/ evt_[0-9a-f]{32}$/);
});

test('an image, a failure and a cancellation have their own names; what is neither image nor video has only the general one', async () => {
  const types = ['video.failed', 'image.completed', 'image.failed', 'generation.failed', 'generation.cancelled'];
  const mine = await endpoint(types);
  const image = await end(succeeded, { kind: 'image' });
  const prompt = await end(failed, { kind: 'enhance' });
  const video = await insertGeneration(database);
  await cancelGeneration(database, { id: video, ownerId: owner });
  expect(await told(mine)).toEqual([
    ['generation.cancelled', `video_${video}`],
    ['generation.failed', `video_${prompt}`],
    ['image.completed', `rly_${image}`],
    ['video.failed', `video_${video}`],
  ]);
});

test('a generation whose end was rolled back is not told of', async () => {
  await endpoint(['video.completed']);
  const id = await insertGeneration(database);
  const ending = inTransaction(database, async (tx) => {
    await endGeneration(tx, id, succeeded);
    throw new Error('after all not');
  });
  await expect(ending).rejects.toThrow('after all not');
  expect(await told()).toEqual([]);
});

test('nothing follows a deletion, and what was told before it is forgotten', async () => {
  await endpoint(['generation.cancelled', 'video.failed', 'video.completed']);
  const open = await insertGeneration(database);
  await deleteGeneration(database, { id: open, ownerId: owner });
  const ended = await end(succeeded);
  expect(await told()).toEqual([['video.completed', `video_${ended}`]]);
  await deleteGeneration(database, { id: ended, ownerId: owner });
  expect(await told()).toEqual([]);
});

test('what an operator is told of becomes one delivery per endpoint, however many hand it on, and none for what was before it', async () => {
  const event = { type: 'pool.exhausted', subject: 'lane', data: { accounts: 2 } };
  await database.operatorEvent.create({ data: event });
  const operators = await endpoint(['pool.exhausted', 'pool.recovered'], null);
  await endpoint(['token.needs_attention'], null);
  for (let count = 0; count < 20; count += 1) await database.operatorEvent.create({ data: event });
  await Promise.all(Array.from({ length: 6 }, () => handOnOperatorEvents(database)));
  await handOnOperatorEvents(database);
  expect(await told()).toHaveLength(20);
  const [delivery] = await database.webhookDelivery.findMany({ where: { endpointId: operators } });
  expect(delivery?.data).toEqual({ id: 'lane', accounts: 2 });
  expect(await database.operatorEvent.count({ where: { isHandedOn: false } })).toBe(0);
});

test('two workers never claim the same at once; what one claimed and did not report is due again when its claim is over', async () => {
  const mine = await endpoint(['video.completed']);
  for (let count = 0; count < 5; count += 1) await end(succeeded);
  expect(await findDueEndpoints(database)).toEqual([mine]);
  const claims = await Promise.all([claim(mine, 3), claim(mine, 3), claim(mine, 3)]);
  const ids = [...claims.flat(), ...(await claim(mine))].map(({ id }) => id).sort();
  expect(ids).toHaveLength(5);
  expect(new Set(ids).size).toBe(5);
  expect(await findDueEndpoints(database)).toEqual([]);
  await pass('claimed_until');
  expect(await findDueEndpoints(database)).toEqual([mine]);
  const again = await claim(mine);
  expect(again.map(({ id }) => id).sort()).toEqual(ids);
  expect(again.map(({ n }) => n)).toEqual([2, 2, 2, 2, 2]);
});

test('what a leaving worker puts back is due at once and was not tried', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  const [first] = await claim(mine);
  await returnDelivery(database, { id: first?.id ?? '', n: 1 });
  expect(await claim(mine)).toMatchObject([{ id: first?.id, n: 1 }]);
});

test('a failure is put off, and given up when its time is over; a late failure changes nothing that another worker has taken over', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  const [first] = await claim(mine);
  const of = (n: number, isTaken = false) => outcome({ deliveryId: first?.id ?? '', endpointId: mine, n, isTaken });
  expect(await recordAttempt(database, of(1), policy)).toEqual({ state: 'pending', isDisabled: false });
  expect(await claim(mine)).toEqual([]);
  await pass('next_try_at');
  expect(await claim(mine)).toMatchObject([{ n: 2, tryOfRound: 2 }]);
  expect(await recordAttempt(database, of(1), policy)).toMatchObject({ state: undefined });
  await pass('round_began_at');
  expect(await recordAttempt(database, of(2), policy)).toMatchObject({ state: 'failed' });
  const log = await findDelivery(database, { endpointId: mine, id: first?.id ?? '' });
  expect(log).toMatchObject({ state: 'failed', tries: 2, attempts: [{ n: 2, statusCode: 500 }, { n: 1 }] });
  expect(log?.endedAt).toBeInstanceOf(Date);
});

test('a success counts although the claim had run out, and nobody sends it again', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  const [first] = await claim(mine);
  await pass('claimed_until');
  await claim(mine);
  const taken = outcome({ deliveryId: first?.id ?? '', endpointId: mine, n: 1, isTaken: true });
  expect(await recordAttempt(database, taken, policy)).toMatchObject({ state: 'succeeded' });
  await pass('claimed_until');
  expect(await claim(mine)).toEqual([]);
  expect(await recordAttempt(database, { ...taken, n: 2, isTaken: false }, policy)).toMatchObject({ state: undefined });
});

test('an endpoint with nothing but failures for long is disabled once and its operator told; a success begins anew', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  const [first] = await claim(mine);
  const of = (n: number, isTaken: boolean) => outcome({ deliveryId: first?.id ?? '', endpointId: mine, n, isTaken });
  const fails = () => recordAttempt(database, of(1, false), policy);
  const sinceLong = () =>
    database.webhookEndpoint.update({ where: { id: mine }, data: { failingSince: new Date(Date.now() - 7_200_000) } });
  expect(await fails()).toMatchObject({ isDisabled: false });
  await sinceLong();
  await recordAttempt(database, of(1, true), policy);
  expect(await fails()).toMatchObject({ isDisabled: false });
  await sinceLong();
  expect(await fails()).toMatchObject({ isDisabled: true });
  expect(await fails()).toMatchObject({ isDisabled: false });
  const events = await database.operatorEvent.findMany();
  expect(events).toMatchObject([{ type: 'webhook.disabled', subject: mine, data: { name: mine, ownerId: owner } }]);
  const [{ data } = { data: null }] = events;
  const { reason } = data as { reason: string };
  expect(reason).toMatch(/^Every try since .* UTC failed\. The last answer was 500\.$/);
});

test('an endpoint to which we did not send for long is not disabled by its first failure after that', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  const [first] = await claim(mine);
  const fail = (n: number) =>
    recordAttempt(database, outcome({ deliveryId: first?.id ?? '', endpointId: mine, n, isTaken: false }), policy);
  await fail(1);
  const letPass = (hours: number) =>
    database.$executeRaw`UPDATE webhook_endpoint SET failing_since = failing_since - ${hours} * interval '1 hour'`;
  await database.$executeRaw`UPDATE webhook_attempt SET created_at = now() - interval '2 days'`;
  await letPass(48);
  expect(await fail(2)).toMatchObject({ isDisabled: false });
  expect(await fail(3)).toMatchObject({ isDisabled: false });
  // From here on it was tried, and had half of its time left.
  await letPass(1);
  expect(await fail(4)).toMatchObject({ isDisabled: true });
});

test('nothing is sent to a disabled endpoint, and what happened meanwhile is sent when it is enabled again', async () => {
  const mine = await endpoint(['video.completed']);
  await updateEndpoint(database, { id: mine, ownerId: owner }, { isEnabled: false });
  await end(succeeded);
  expect(await findDueEndpoints(database)).toEqual([]);
  await updateEndpoint(database, { id: mine, ownerId: owner }, { isEnabled: true });
  expect(await findDueEndpoints(database)).toEqual([mine]);
});

test.each([
  ['was never tried', 0],
  ['was being tried', 1],
])(
  'what waited for longer than a round may last and %s is tried again after its first failure',
  async (_what, tries) => {
    const mine = await endpoint(['video.completed']);
    await end(succeeded);
    const { id: deliveryId } = await database.webhookDelivery.findFirstOrThrow();
    const fail = async (n: number) => {
      expect(await claim(mine)).toMatchObject([{ id: deliveryId, n }]);
      return recordAttempt(database, outcome({ deliveryId, endpointId: mine, n, isTaken: false }), {
        ...policy,
        disableAfterMs: 3_600_000_000,
      });
    };
    for (let n = 1; n <= tries; n += 1) await fail(n);
    await updateEndpoint(database, { id: mine, ownerId: owner }, { isEnabled: false });
    await database.$executeRaw`
    UPDATE webhook_delivery SET round_began_at = now() - interval '80 hours', next_try_at = now() - interval '80 hours',
      created_at = now() - interval '80 hours'`;
    await updateEndpoint(database, { id: mine, ownerId: owner }, { isEnabled: true });
    expect(await fail(tries + 1)).toEqual({ state: 'pending', isDisabled: false });
    await pass('next_try_at');
    expect(await fail(tries + 2)).toEqual({ state: 'pending', isDisabled: false });
  },
);

test('a lost claim does not make a round longer than what was waited for', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  await claim(mine);
  await database.$executeRaw`UPDATE webhook_delivery SET round_began_at = now() - interval '2 days', claimed_until = now() - interval '1 second'`;
  const [again] = await claim(mine);
  const of = outcome({ deliveryId: again?.id ?? '', endpointId: mine, n: 2, isTaken: false });
  expect(await recordAttempt(database, of, policy)).toMatchObject({ state: 'failed' });
});

test('no more endpoints of one owner are rung for at once than so many, those included that are being sent to; each has its turn', async () => {
  const mine = [
    await endpoint(['video.completed']),
    await endpoint(['video.completed']),
    await endpoint(['video.completed']),
  ];
  const operators = await endpoint(['generation.succeeded'], null);
  for (let count = 0; count < 2; count += 1) await end(succeeded);
  const due = () => findDueEndpoints(database, 2);
  const ofMine = async () => (await due()).filter((id) => id !== operators);
  const first = await ofMine();
  expect(first).toHaveLength(2);
  expect(await due()).toContain(operators);
  expect(await ofMine()).toEqual(first);
  // What is being sent to takes a place, whether or not more is due to it.
  const [busy = '', other = ''] = first;
  await claim(busy, 2);
  expect(await ofMine()).toEqual([other]);
  await claim(other, 1);
  expect(await ofMine()).toEqual([other]);
  const failures = await database.webhookDelivery.findMany({ where: { claimedUntil: { not: null } } });
  for (const { id, endpointId } of failures) {
    await recordAttempt(database, outcome({ deliveryId: id, endpointId, n: 1, isTaken: false }), policy);
  }
  // What failed waits, and the third has its turn.
  expect((await ofMine()).sort()).toEqual([mine.find((id) => !first.includes(id)), other].sort());
});

test('a replay begins a new round under the same id', async () => {
  const mine = await endpoint(['video.completed']);
  await end(succeeded);
  const [first] = await claim(mine);
  const subject = { endpointId: mine, id: first?.id ?? '' };
  await recordAttempt(database, outcome({ ...subject, deliveryId: subject.id, n: 1, isTaken: true }), policy);
  expect(await replayDelivery(database, { ...subject, endpointId: 'whe_other' })).toBe(false);
  expect(await replayDelivery(database, subject)).toBe(true);
  expect(await claim(mine)).toMatchObject([{ id: subject.id, n: 2, tryOfRound: 1, event: first?.event }]);
});

test('the log is read page by page in both directions, by state, and nobody pages by what is not there', async () => {
  const mine = await endpoint(['video.completed', 'generation.succeeded']);
  for (let count = 0; count < 4; count += 1) await end(succeeded);
  const page = (fields: object) =>
    listDeliveries(database, mine, { after: undefined, limit: 3, order: 'desc', ...fields });
  const read = async (order: 'asc' | 'desc') => {
    const ids: string[] = [];
    for (let after: string | undefined; ; ) {
      const rows = (await page({ order, after })) ?? [];
      ids.push(...rows.slice(0, 3).map(({ id }) => id));
      after = ids.at(-1);
      if (rows.length <= 3) return ids;
    }
  };
  const newestFirst = await read('desc');
  expect(new Set(newestFirst).size).toBe(8);
  expect(await read('asc')).toEqual(newestFirst.reverse());
  expect(await page({ status: 'failed' })).toEqual([]);
  await database.webhookDelivery.update({ where: { id: newestFirst[3] ?? '' }, data: { state: 'failed' } });
  expect(await page({ status: 'failed' })).toMatchObject([{ id: newestFirst[3], state: 'failed' }]);
  expect(await page({ status: 'succeeded' })).toEqual([]);
  expect(await page({ after: 'whd_none' })).toBeUndefined();
});

test('what is old goes, and what was sent to an endpoint that is no more', async () => {
  const mine = await endpoint(['video.completed']);
  const other = await endpoint(['video.completed']);
  await end(succeeded);
  await deleteEndpoint(database, { id: other, ownerId: owner });
  expect(await deleteOldDeliveries(database, 1)).toBe(false);
  expect(await database.webhookDelivery.findMany()).toMatchObject([{ endpointId: mine }]);
  await pass('created_at');
  await deleteOldDeliveries(database, 1);
  expect(await told()).toEqual([]);
});

test('of endpoints that are no more all goes, in portions, and nothing of those between them', async () => {
  const [first, kept, last] = [await endpoint([]), await endpoint([]), await endpoint([])];
  await database.$executeRaw`
    INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, data)
    SELECT 'whd_' || endpoint || n, endpoint, 'evt_' || n, 'video.completed', '{"id":"x"}'
    FROM unnest(${[first, kept, last]}::text[]) AS endpoint, generate_series(1, 1500) AS n`;
  for (const id of [first, last]) await deleteEndpoint(database, { id, ownerId: owner });
  expect(await deleteOldDeliveries(database, 1)).toBe(true);
  expect(await deleteOldDeliveries(database, 1)).toBe(false);
  const left = await database.webhookDelivery.groupBy({ by: ['endpointId'], _count: true });
  expect(left).toEqual([{ endpointId: kept, _count: 1_500 }]);
});
