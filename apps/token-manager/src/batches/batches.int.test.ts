import type { BatchList, BatchPage, BatchView } from '@reelay/contracts/batches';
import { claimRows } from '@reelay/db/batches/claim-rows';
import { addRows, beginBatch, createBatch } from '@reelay/db/batches/create-batch';
import { finishRows } from '@reelay/db/batches/finish-rows';
import { waitFor } from '@reelay/testing/wait-for';
import { endOf, importFile, runBatch, upload, verdictsOf } from '../testing/import-file.js';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());
afterEach(() => stack.upstream.failures.clear());

let accounts = 0;
function newAccount() {
  accounts += 1;
  return { email: `batch-${accounts}@example.com` };
}
async function addSome(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, () => newAccount());
  const batch = await importFile(stack, people.map((account) => stack.upstream.mint(account)).join('\n'), {
    mode: 'offline',
  });
  return batch.rows.map(({ tokenId }) => tokenId ?? '');
}
const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });

test('each kind of work is done to every account that was chosen, and an unknown one is told', async () => {
  const [one = '', two = ''] = await addSome(2);
  const chosen = { tokenIds: [one, 'nobody', two] };
  expect(verdictsOf(await runBatch(stack, { kind: 'disable', reason: 'a rest', ...chosen }))).toEqual([
    'done',
    'failed',
    'done',
  ]);
  expect(await rowOf(one)).toMatchObject({ state: 'disabled', stateReason: 'a rest' });
  await runBatch(stack, { kind: 'enable', ...chosen });
  expect(await rowOf(one)).toMatchObject({ state: 'active' });
  await runBatch(stack, { kind: 'set_limits', videoLimit: 9, imageEnabled: false, ...chosen });
  expect(await rowOf(two)).toMatchObject({ videoLimit: 9, imageLimit: 1, imageEnabled: false, videoEnabled: true });
  const proxyUrl = 'http://me:hush-hush@127.0.0.1:9';
  await runBatch(stack, { kind: 'set_proxy', proxyUrl, ...chosen });
  const credential = await stack.call('POST', `/internal/tokens/${two}/credential`, { body: {} });
  expect(credential.body).toMatchObject({ proxyUrl });
  await runBatch(stack, { kind: 'set_proxy', proxyUrl: null, ...chosen });
  expect(await rowOf(two)).toMatchObject({ proxySealed: null });
  const tested = await runBatch(stack, { kind: 'test', ...chosen });
  expect(tested.rows[0]).toMatchObject({
    tokenId: one,
    verdict: 'done',
    message: expect.stringContaining('plan plus') as string,
  });
  await runBatch(stack, { kind: 'delete', ...chosen });
  expect((await stack.list()).map(({ id }) => id)).not.toContain(one);
  expect(await stack.database.batch.findMany({ where: { secretSealed: { not: null } } })).toEqual([]);
});

test('a row that fails for good says why, and the others are done', async () => {
  const ids = await addSome(3);
  stack.upstream.failures.set('/backend/me', { status: 500 });
  const batch = await runBatch(stack, { kind: 'test', tokenIds: ids });
  expect(batch).toMatchObject({ total: 3, done: 3, failed: 3, verdicts: { failed: 3 } });
  expect(batch.rows[0]?.message).toMatch(/\w+/);
});

test('a filter chooses the accounts as they are when the batch is made', async () => {
  const ids = await addSome(3);
  await runBatch(stack, { kind: 'disable', tokenIds: [ids[1]] });
  const filter = { state: 'disabled', q: 'BATCH-' };
  const batch = await runBatch(stack, { kind: 'enable', filter });
  expect(batch.rows.map(({ tokenId }) => tokenId)).toEqual([ids[1]]);
  for (const bad of [
    { kind: 'enable' },
    { kind: 'enable', filter: {}, tokenIds: ids },
    { kind: 'set_limits', filter: {} },
  ]) {
    expect((await stack.call('POST', '/internal/batches', { body: bad })).status).toBe(400);
  }
});

test('rows are read page by page, by verdict too, and batches from the newest on', async () => {
  const { body } = await upload(stack, 'a\nb\nc\nd\ne', { mode: 'offline' });
  const { id } = await endOf(stack, (body as BatchView).id);
  const page = async (query: string) => (await stack.call<BatchPage>('GET', `/internal/batches/${id}?${query}`)).body;
  const first = await page('limit=2');
  expect([first.rows.map(({ n }) => n), first.next]).toEqual([[1, 2], 2]);
  expect((await page('limit=3&after=2')).next).toBeNull();
  expect((await page('verdict=added')).rows).toEqual([]);
  const list = (await stack.call<BatchList>('GET', '/internal/batches?limit=1')).body;
  expect(list.data.map((batch) => batch.id)).toEqual([id]);
  const older = (await stack.call<BatchList>('GET', `/internal/batches?limit=1&after=${list.next}`)).body;
  expect((older.data[0]?.id ?? id) < id).toBe(true);
  expect((await stack.call('GET', '/internal/batches/nothing')).status).toBe(404);
});

test('several at once never take the same row, and what a dead one left is done by another', async () => {
  const id = '01J0000000000000000000TEST';
  await createBatch(stack.database, { id, kind: 'delete', options: {}, secretSealed: null });
  const rows = Array.from({ length: 40 }, (_, n) => ({
    n: n + 1,
    payloadSealed: null,
    label: null,
    hint: null,
    problem: null,
  }));
  await addRows(stack.database, id, rows);
  expect(await claimRows(stack.database, { batchId: id, claim: 'early', limit: 5, leaseMs: 60_000 })).toEqual([]);
  // The replica of this file would take them as well, so the batch is begun and claimed in one transaction.
  const claims = await stack.database.$transaction(async (tx) => {
    await beginBatch(tx, id);
    return claimRows(tx, { batchId: id, claim: 'dead', limit: 30, leaseMs: 500 });
  });
  expect(claims).toHaveLength(30);
  const others = await Promise.all(
    ['x', 'y', 'z'].map((claim) => claimRows(stack.database, { batchId: id, claim, limit: 7, leaseMs: 500 })),
  );
  const taken = [...claims, ...others.flat()].map(({ n }) => n);
  expect(new Set(taken).size).toBe(taken.length);
  const batch = await endOf(stack, id);
  expect(batch).toMatchObject({ total: 40, done: 40, failed: 40 });
  const late = { n: 1, verdict: 'done' as const, message: null, tokenId: null };
  await finishRows(stack.database, { batchId: id, claim: 'dead', results: [late] });
  expect(await endOf(stack, id)).toMatchObject({ done: 40, failed: 40 });
});

test('a cancelled batch begins no other row and forgets what it held', async () => {
  stack.upstream.exchangeMs = 300;
  const tokens = Array.from({ length: 60 }, (_, index) => `refresh-cancelled-${index}`).join('\n');
  const { body } = await upload(stack, tokens, { mode: 'refresh' });
  const { id } = body as BatchView;
  await waitFor(() => stack.upstream.sentRefreshTokens.length > 0, { timeoutMs: 20_000 });
  const cancelled = await stack.call<BatchPage>('POST', `/internal/batches/${id}/cancel`);
  expect(cancelled.body.state).toBe('cancelled');
  const isQuiet = async () =>
    (await stack.database.batchRow.count({ where: { batchId: id, payloadSealed: { not: null } } })) === 0;
  await waitFor(isQuiet, { timeoutMs: 20_000 });
  stack.upstream.exchangeMs = 0;
  expect(stack.upstream.sentRefreshTokens.length).toBeLessThan(60);
  expect((await stack.call('POST', `/internal/batches/${id}/cancel`)).status).toBe(200);
});
