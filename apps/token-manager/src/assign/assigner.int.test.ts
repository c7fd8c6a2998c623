/** @slow */
import { closeAttempt } from '@reelay/db/attempts/close-attempt';
import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
import { writeSettings } from '@reelay/db/settings';
import { inTransaction } from '@reelay/db/transaction';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { createRedis } from '@reelay/platform/redis';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { waitFor } from '@reelay/testing/wait-for';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;
const opened: { disconnect(): void }[] = [];
const proxies: FaultProxy[] = [];

beforeEach(async () => {
  stack = await TestStack.open();
  // Where nobody rings, the tick is waited for again and again.
  await writeSettings(stack.database, { 'timer.assignMs': 100 });
});
afterEach(async () => {
  for (const redis of opened.splice(0)) redis.disconnect();
  await stack.close();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

const soon = { timeoutMs: 20_000, intervalMs: 20 };
const assigned = () =>
  stack.database.generation.findMany({ where: { tokenId: { not: null } }, orderBy: { assignedAt: 'asc' } });
const laneStates = async () => new Map((await listLaneStates(stack.database)).map((state) => [state.lane, state]));
const videoLane = 'sora:video:any:sora2';
const silent = createLogger({ app: 'test', level: 'silent' });

/** Ends the oldest work, as a worker would; returns the API key it was for. */
async function finishOne(): Promise<string | null> {
  const attempt = await stack.database.submitAttempt.findFirstOrThrow({
    where: { state: 'intent' },
    orderBy: { createdAt: 'asc' },
  });
  await inTransaction(stack.database, async (tx) => {
    await tx.$executeRaw`
      UPDATE generation SET state = 'cancelled', stage = 'ended', completed_at = now(), error = '{}' WHERE id = ${attempt.generationId}`;
    await closeAttempt(tx, { attemptId: attempt.id, from: ['intent'], to: 'not_sent' });
  });
  return (await stack.database.generation.findUniqueOrThrow({ where: { id: attempt.generationId } })).apiKeyId;
}

it('answers the bell: a waiting row gets a token and a run job', async () => {
  await writeSettings(stack.database, { 'timer.assignMs': 60_000 });
  const tokenId = await insertToken(stack.database);
  await stack.start();
  const redis = createRedis({ url: stack.redis.url, role: 'producer', log: silent });
  opened.push(redis);
  const queues = new Queues({ redis, log: silent, prefix: stack.redis.prefix });
  const [generationId = ''] = await insertWaiting(stack.database);
  await waitFor(() => queues.enqueue('dispatch', {}), soon);
  await waitFor(async () => (await queues.counts('run')).wait === 1, soon);
  expect(await assigned()).toMatchObject([{ id: generationId, tokenId, fence: 1n, simulated: true }]);
  await queues.close();
});

it('needs no bell: the tick finds what waits, with two replicas each row is given out once', async () => {
  await insertToken(stack.database, { videoLimit: 7 });
  await Promise.all([stack.start(), stack.start()]);
  await insertWaiting(stack.database, { count: 30 });
  for (let done = 0; done < 30; done += 1) {
    await waitFor(async () => (await assigned()).some(({ state }) => state === 'queued'), soon);
    expect(await stack.database.tokenSlot.count()).toBeLessThanOrEqual(7);
    await finishOne();
  }
  const attempts = await stack.database.submitAttempt.findMany();
  expect(new Set(attempts.map(({ generationId }) => generationId)).size).toBe(30);
  expect(attempts).toHaveLength(30);
}, 60_000);

it('goes on without Redis, and says that it is degraded', async () => {
  const down = await FaultProxy.open(stack.redis.url);
  proxies.push(down);
  down.set({ isRefusing: true });
  await insertToken(stack.database);
  await stack.start({ redisUrl: down.through(stack.redis.url) });
  await insertWaiting(stack.database, { count: 2 });
  await waitFor(async () => (await assigned()).length === 2, soon);
  expect(await stack.call('GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'degraded', redis: false } });
  expect(await stack.add({ accessToken: stack.upstream.mint({ email: 'a@example.com' }) })).toMatchObject({
    created: true,
  });
  down.heal();
  await waitFor(async () => (await stack.call<{ redis: boolean }>('GET', '/readyz')).body.redis, soon);
});

it('survives Postgres going away, says so, and goes on by itself when it is back', async () => {
  const proxy = await FaultProxy.open(stack.file.url);
  proxies.push(proxy);
  await insertToken(stack.database, { videoLimit: 5 });
  await stack.start({ databaseUrl: proxy.through(stack.file.url) });
  await insertWaiting(stack.database);
  await waitFor(async () => (await assigned()).length === 1, soon);
  proxy.set({ isRefusing: true });
  proxy.reset();
  await waitFor(async () => (await stack.call('GET', '/readyz')).status === 503, soon);
  expect((await stack.call('GET', '/healthz')).status).toBe(200);
  expect(await stack.call('GET', '/internal/tokens')).toMatchObject({
    status: 503,
    body: { error: { code: 'service_unavailable' } },
  });
  await insertWaiting(stack.database, { count: 2 });
  proxy.heal();
  await waitFor(async () => (await assigned()).length === 3, soon);
  await waitFor(async () => (await stack.call('GET', '/readyz')).status === 200, soon);
});

it('gives an API key with few requests its half of the starts beside one that floods', async () => {
  await insertToken(stack.database, { videoLimit: 1 });
  await insertWaiting(stack.database, { count: 100, apiKeyId: 'flood' });
  await insertWaiting(stack.database, { count: 10, apiKeyId: 'few', ageMs: 10 });
  await stack.start();
  const starts: (string | null)[] = [];
  while (starts.length < 20) {
    await waitFor(async () => (await stack.database.tokenSlot.count()) === 1, soon);
    starts.push(await finishOne());
  }
  expect(starts.filter((key) => key === 'few')).toHaveLength(10);
});

it('does not let a lane that nobody can serve hold up another, nor a long one starve a short one', async () => {
  await insertToken(stack.database, { videoLimit: 1, plan: 'pro' });
  await insertWaiting(stack.database, { count: 50, ageMs: 90_000, lane: { tokenId: 'gone' } });
  const long = await insertWaiting(stack.database, { count: 50 });
  const [short] = await insertWaiting(stack.database, { lane: { plan: 'pro' }, ageMs: 10 });
  await writeSettings(stack.database, { 'timer.repairMs': 60_000 });
  await stack.start();
  const started: string[] = [];
  while (started.length < 3) {
    await waitFor(async () => (await stack.database.tokenSlot.count()) === 1, soon);
    started.push((await stack.database.submitAttempt.findFirstOrThrow({ where: { state: 'intent' } })).generationId);
    await finishOne();
  }
  expect(started[0]).toBe(long[0]);
  // A slot that comes back in the middle of a round may still go to a lane that is later in it; the next one does not.
  expect(started.sort()).toEqual([long[0], long[1], short].sort());
});

it('gives a text, a picture and a video each its own sort of place on the same account', async () => {
  const tokenId = await insertToken(stack.database, { imageLimit: 1, videoLimit: 1 });
  await writeSettings(stack.database, { 'token.enhancements': 2 });
  const texts = { kind: 'enhance' } as const;
  const pictures = { kind: 'image', sora2: false } as const;
  for (const lane of [texts, pictures, {}]) await insertWaiting(stack.database, { count: 3, lane });
  await stack.start();
  await waitFor(async () => (await assigned()).length === 4, soon);
  const slots = await stack.database.tokenSlot.findMany({ where: { tokenId } });
  expect(slots.map(({ kind }) => kind).sort()).toEqual(['image', 'video']);
  expect(await stack.database.submitAttempt.count({ where: { tokenId, slotless: true } })).toBe(2);
  const lanes = ['sora:enhance:any:sora2', 'sora:image:any:-', videoLane];
  await waitFor(async () => {
    const states = await laneStates();
    return lanes.every((lane) => states.get(lane)?.freeSlots === 0);
  }, soon);
  const states = await laneStates();
  expect(lanes.map((lane) => states.get(lane)?.waiting)).toEqual([1, 2, 2]);
  for (const lane of lanes) expect(states.get(lane)).toMatchObject({ tokens: 1, reason: 'the only account is busy' });
});

it('keeps the states of all lanes, also of those that nobody can serve', async () => {
  // Nobody clears the waiting room meanwhile.
  await writeSettings(stack.database, { 'timer.repairMs': 60_000 });
  await stack.start();
  await waitFor(async () => (await laneStates()).has(videoLane), soon);
  expect((await laneStates()).get(videoLane)).toMatchObject({
    tokens: 0,
    freeSlots: 0,
    waiting: 0,
    reason: 'no account with Sora 2',
  });
  await stack.add({ accessToken: stack.upstream.mint({ email: 'a@example.com' }), videoLimit: 2 });
  expect((await laneStates()).get(videoLane)).toMatchObject({ tokens: 1, simulated: 1, freeSlots: 2, reason: null });
  await insertWaiting(stack.database, { count: 5 });
  await waitFor(async () => (await laneStates()).get(videoLane)?.waiting === 3, soon);
  expect((await laneStates()).get(videoLane)).toMatchObject({ freeSlots: 0, reason: 'the only account is busy' });
  await insertWaiting(stack.database, { lane: { plan: 'pro' } });
  await waitFor(async () => (await laneStates()).has('sora:video:pro:sora2'), soon);
  expect((await laneStates()).get('sora:video:pro:sora2')).toMatchObject({
    tokens: 0,
    reason: 'no account with plan pro',
  });
});
