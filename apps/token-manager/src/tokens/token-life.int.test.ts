import type { TokenEventPage } from '@reelay/contracts/token-history';
import type { TokenView } from '@reelay/contracts/tokens';
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { beginSend } from '@reelay/db/attempts/begin-send';
import { insertWaiting, videoLane } from '@reelay/db/factories/insert-waiting';
import { waitFor } from '@reelay/testing/wait-for';
import { type ErrorBody, TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());

const soon = { timeoutMs: 15_000, intervalMs: 20 };
let accounts = 0;
function add(more: object = {}, remaining = 30) {
  accounts += 1;
  const account = { email: `life-${accounts}@example.com`, remaining };
  return stack.add({ accessToken: stack.upstream.mint(account), ...more });
}
const path = (id: string, rest: string) => `/internal/tokens/${id}/${rest}`;
const events = async (id: string, query = '') =>
  (await stack.call<TokenEventPage>('GET', `${path(id, 'events')}${query}`)).body;
const viewOf = async (id: string) => (await stack.list()).find((token) => token.id === id);
const pinned = (tokenId: string) => ({ count: 5, lane: { ...videoLane, tokenId } });
const startedOn = (tokenId: string) => stack.database.submitAttempt.findMany({ where: { tokenId } });

describe('an operator', () => {
  it('disables an account for a reason and enables it again, and the history tells both', async () => {
    const { id } = await add();
    const disabled = await stack.call<TokenView>('POST', path(id, 'disable'), { body: { reason: 'on holiday' } });
    expect(disabled).toMatchObject({
      status: 200,
      body: { id, state: 'disabled', stateReason: 'on holiday', disabledBy: 'operator' },
    });
    await insertWaiting(stack.database, { ...pinned(id), count: 1 });
    // Given again with a new credential it stays disabled.
    accounts -= 1;
    expect(await add()).toMatchObject({ id, created: false, state: 'disabled', stateReason: 'on holiday' });
    expect(await startedOn(id)).toEqual([]);
    expect(await stack.call('POST', path(id, 'enable'))).toMatchObject({
      status: 200,
      body: { state: 'active', stateReason: null, disabledBy: null },
    });
    await waitFor(async () => (await startedOn(id)).length === 1, soon);
    const { data, next } = await events(id, '?limit=2');
    expect(data).toMatchObject([
      { type: 'enabled', before: { state: 'disabled', stateReason: 'on holiday' }, after: { state: 'active' } },
      { type: 'added', after: { state: 'disabled' } },
    ]);
    expect((await events(id, `?limit=2&after=${next}`)).data.map(({ type }) => type)).toEqual(['disabled', 'added']);
  });

  it('is told of an account that is not there, and of a page that is none', async () => {
    const { id } = await add();
    for (const [method, what] of [
      ['POST', 'disable'],
      ['POST', 'enable'],
      ['GET', 'events'],
    ] as const) {
      const { status, body } = await stack.call<ErrorBody>(method, path('nobody', what));
      expect([status, body.error.code]).toEqual([404, 'not_found']);
    }
    expect(await stack.call('GET', path(id, 'events?after=x'))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_value', param: 'after' } },
    });
    await stack.call('DELETE', `/internal/tokens/${id}`);
    expect(await stack.call('POST', path(id, 'enable'))).toMatchObject({ status: 404 });
    expect((await events(id)).data[0]).toMatchObject({ type: 'deleted' });
  });
});

describe('an account whose quota is used up', () => {
  it('starts two of five, rests from videos until its time, makes images meanwhile, and comes back by itself', async () => {
    const { id } = await add({ videoLimit: 5, imageLimit: 1 }, 2);
    const [, ...waiting] = await insertWaiting(stack.database, pinned(id));
    await waitFor(async () => (await startedOn(id)).length === 2, soon);
    const resetsAt = new Date(Date.now() + 3_600_000);
    await stack.database.token.update({ where: { id }, data: { resetsAt } });
    for (const { id: attemptId, generationId, fence } of await startedOn(id)) {
      const knownBefore = { pending: [], finished: [] };
      expect(await beginSend(stack.database, { attemptId, generationId, fence, knownBefore })).toBe('sent');
      const ack = { attemptId, generationId, tokenId: id, operation: { id: attemptId }, litterId: attemptId };
      expect(await acknowledgeSubmit(stack.database, { ...ack, from: ['sent'] })).toMatchObject({ outcome: 'acked' });
    }
    expect(await viewOf(id)).toMatchObject({
      ...{ state: 'active', remaining: 0, image: { state: 'ready' } },
      video: { state: 'exhausted', until: resetsAt.toISOString(), reason: expect.any(String) },
    });
    const image = { count: 1, lane: { ...pinned(id).lane, kind: 'image', sora2: false } as const };
    const [imageId = ''] = await insertWaiting(stack.database, image);
    const generation = (generationId: string) =>
      stack.database.generation.findUniqueOrThrow({ where: { id: generationId } });
    await waitFor(async () => (await generation(imageId)).tokenId === id, soon);
    // The upstream says it anew: sooner than it was.
    const comesBackAt = new Date(Date.now() + 500);
    await stack.database.token.update({ where: { id }, data: { resetsAt: comesBackAt } });
    await waitFor(async () => (await startedOn(id)).length > 3, soon);
    const third = await Promise.all(waiting.map(generation));
    const later = third.map(({ assignedAt }) => assignedAt?.getTime() ?? 0).filter((time) => time > 0);
    expect(Math.max(...later)).toBeGreaterThanOrEqual(comesBackAt.getTime());
    await waitFor(async () => (await events(id)).data.some(({ type }) => type === 'rest_ended'), soon);
    const { data } = await events(id);
    expect(data.find(({ type }) => type === 'acknowledged')).toMatchObject({
      before: { video: { state: 'ready' } },
      after: { video: { state: 'exhausted', until: resetsAt.toISOString() } },
    });
  });
});
