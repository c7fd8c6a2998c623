import { insertToken } from '@reelay/db/factories/insert-token';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { waitFor } from '@reelay/testing/wait-for';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeEach(async () => {
  stack = await TestStack.open();
});
afterEach(() => stack.close());

const soon = { timeoutMs: 30_000, intervalMs: 50 };

it('replicas together sum up what is booked, note the use of the pool, and tell of its exhaustion once', async () => {
  const { database } = stack;
  const tokenId = await insertToken(database, { videoLimit: 2 });
  await Promise.all([stack.start(), stack.start()]);
  const reason = 'The account has reached a limit.';
  await applyTokenEvent(database, tokenId, { type: 'fault', slotKinds: ['video'], reason, rests: false });
  await waitFor(async () => (await database.statisticsBooking.count()) === 0, soon);
  expect(await database.statisticsDay.findMany({ where: { subject: tokenId } })).toMatchObject([{ faults: 1n }]);
  await waitFor(async () => (await database.poolSample.count({ where: { kind: 'video', most: 2 } })) > 0, soon);

  await waitFor(async () => (await database.poolWatch.count({ where: { lane: 'sora:video:any:sora2' } })) > 0, soon);
  await applyTokenEvent(database, tokenId, { type: 'disabled', by: 'operator', reason: 'on holiday' });
  const told = { type: 'pool.exhausted', subject: 'sora:video:any:sora2' };
  await waitFor(async () => (await database.operatorEvent.count({ where: told })) > 0, soon);
  await applyTokenEvent(database, tokenId, { type: 'enabled', by: 'operator' });
  const recovered = { ...told, type: 'pool.recovered' };
  await waitFor(async () => (await database.operatorEvent.count({ where: recovered })) > 0, soon);
  const events = await database.operatorEvent.findMany({ where: { subject: told.subject }, orderBy: { id: 'asc' } });
  expect(events.map(({ type }) => type)).toEqual(['pool.exhausted', 'pool.recovered']);
}, 120_000);
