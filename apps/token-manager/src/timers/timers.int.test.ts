import { insertToken } from '@reelay/db/factories/insert-token';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { writeSettings } from '@reelay/db/settings';
import { createLogger } from '@reelay/platform/logger';
import { EventSubscriber } from '@reelay/platform/messages';
import { createRedis } from '@reelay/platform/redis';
import { waitFor } from '@reelay/testing/wait-for';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;
const opened: { disconnect(): void }[] = [];

beforeEach(async () => {
  stack = await TestStack.open();
});
afterEach(async () => {
  for (const redis of opened.splice(0)) redis.disconnect();
  await stack.close();
});

const soon = { timeoutMs: 20_000, intervalMs: 20 };
const generation = (id: string) =>
  stack.database.generation.findUniqueOrThrow({
    where: { id },
    include: { generationEvents: { orderBy: { seq: 'asc' } } },
  });

describe('a waiting generation', () => {
  it('ends at its deadline, once, and its watchers are told', async () => {
    const [id = ''] = await insertWaiting(stack.database, { deadlineMs: 300 });
    const redis = createRedis({
      url: stack.redis.url,
      role: 'subscriber',
      log: createLogger({ app: 'test', level: 'silent' }),
    });
    opened.push(redis);
    const subscriber = new EventSubscriber({
      redis,
      log: createLogger({ app: 'test', level: 'silent' }),
      prefix: stack.redis.prefix,
    });
    const heard: string[] = [];
    await subscriber.subscribe(id, (event) => heard.push(event.type));
    // Somebody could serve it, only not now.
    const tokenId = await insertToken(stack.database);
    await stack.database.token.update({ where: { id: tokenId }, data: { state: 'disabled' } });
    await Promise.all([stack.start(), stack.start()]);
    await waitFor(async () => (await generation(id)).state === 'failed', soon);
    expect(await generation(id)).toMatchObject({
      error: { code: 'deadline_exceeded', message: expect.stringContaining('No account became free') },
      generationEvents: [{ type: 'generation.queued' }, { type: 'generation.failed', seq: 2 }],
    });
    await waitFor(() => heard.length > 0, soon);
    expect(heard).toEqual(['generation.failed']);
  });

  it('ends when the account that could serve it is deleted, but not while one that could is out of service', async () => {
    await writeSettings(stack.database, { 'assign.hopelessAfterMs': 0 });
    await stack.start();
    const added = await stack.add({
      accessToken: stack.upstream.mint({ email: 'a@example.com', plan: 'chatgpt_pro' }),
    });
    await stack.database.token.update({ where: { id: added.id }, data: { state: 'needs_attention' } });
    const [any = ''] = await insertWaiting(stack.database);
    const [pro = ''] = await insertWaiting(stack.database, { lane: { plan: 'pro' } });
    await stack.add({ accessToken: stack.upstream.mint({ email: 'b@example.com' }), videoLimit: 0 });
    await stack.call('DELETE', `/internal/tokens/${added.id}`);
    await waitFor(async () => (await generation(pro)).state === 'failed', soon);
    expect(await generation(pro)).toMatchObject({
      error: { code: 'model_not_available', message: expect.stringContaining('no account with plan pro is left') },
    });
    expect((await generation(any)).state).toBe('queued');
  });
});

describe('a rest', () => {
  it('ends by itself: the account works again and the row says so', async () => {
    const tokenId = await insertToken(stack.database, { remaining: 0 });
    const inAMoment = new Date(Date.now() + 700);
    await stack.database.token.update({
      where: { id: tokenId },
      data: { videoCoolingUntil: inAMoment, resetsAt: inAMoment },
    });
    await stack.start();
    const [id = ''] = await insertWaiting(stack.database);
    await waitFor(async () => (await generation(id)).tokenId === tokenId, soon);
    expect((await generation(id)).assignedAt!.getTime()).toBeGreaterThanOrEqual(inAMoment.getTime());
    const row = () => stack.database.token.findUniqueOrThrow({ where: { id: tokenId } });
    await waitFor(async () => (await row()).videoCoolingUntil === null, soon);
    expect(await row()).toMatchObject({ remaining: null, resetsAt: null });
  });
});
