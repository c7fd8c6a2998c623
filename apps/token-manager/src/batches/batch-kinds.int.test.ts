/** Every kind of work over many accounts, chosen by ids and by a filter, and rows that fail for a reason that passes. */
import type { BatchPage, BatchView } from '@reelay/contracts/batches';
import { defaultSettings } from '@reelay/contracts/settings';
import { addRows, createBatch } from '@reelay/db/batches/create-batch';
import { writeSettings } from '@reelay/db/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { endOf, importFile, runBatch, upload } from '../testing/import-file.js';
import { TestStack } from '../testing/test-stack.js';
import { settleRow } from './settle-row.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await writeSettings(stack.database, { 'batch.retries': 6, 'refresh.perMinute': 100_000 });
  await stack.start();
});
afterAll(() => stack.close());
afterEach(() => {
  stack.upstream.failures.clear();
  stack.upstream.exchangeMs = 0;
});

const howMany = 20;
let groups = 0;

interface Group {
  name: string;
  ids: string[];
}

/** Accounts that nothing else has, each with a session token. */
async function addGroup(count = howMany): Promise<Group> {
  groups += 1;
  const name = `group-${groups}-`;
  const rows = Array.from({ length: count }, (_, n) => {
    const account = { email: `${name}${n}@example.com` };
    stack.upstream.sessionTokens.set(`session-${name}${n}`, account);
    return { access_token: stack.upstream.mint(account), session_token: `session-${name}${n}`, email: account.email };
  });
  const batch = await importFile(stack, rows, { mode: 'offline' });
  return { name, ids: batch.rows.map(({ tokenId }) => tokenId ?? '') };
}

const rowsOf = ({ ids }: Group) => stack.database.token.findMany({ where: { id: { in: ids } } });

const proxyUrl = 'http://me:hush-hush@127.0.0.1:9';
const kinds: {
  work: { kind: string; [field: string]: unknown };
  isDone: (row: Awaited<ReturnType<typeof rowsOf>>[number]) => boolean;
}[] = [
  { work: { kind: 'test' }, isDone: ({ plan, remaining }) => plan === 'plus' && remaining === 30 },
  { work: { kind: 'refresh' }, isDone: ({ credentialVersion }) => credentialVersion === 2 },
  {
    work: { kind: 'disable', reason: 'a rest' },
    isDone: (row) => row.disabledBy === 'operator' && row.stateReason === 'a rest',
  },
  { work: { kind: 'enable' }, isDone: ({ state }) => state === 'active' },
  {
    work: { kind: 'set_limits', videoLimit: 9, imageEnabled: false, weight: 4 },
    isDone: (row) => row.videoLimit === 9 && !row.imageEnabled && row.weight === 4,
  },
  { work: { kind: 'set_proxy', proxyUrl }, isDone: ({ proxySealed }) => proxySealed?.startsWith('v1.') === true },
  { work: { kind: 'set_proxy', proxyUrl: null }, isDone: ({ proxySealed }) => proxySealed === null },
  { work: { kind: 'delete' }, isDone: ({ hiddenAt }) => hiddenAt !== null },
];

describe.each(['ids', 'a filter'])('over many accounts chosen by %s', (way) => {
  it('every kind of work is done to each of them, and to no other', async () => {
    const [chosen, other] = [await addGroup(), await addGroup(3)];
    const choice = way === 'ids' ? { tokenIds: chosen.ids } : { filter: { q: chosen.name.toUpperCase() } };
    for (const { work, isDone } of kinds) {
      const batch = await runBatch(stack, { ...work, ...choice });
      const counts = { state: 'done', total: howMany, done: howMany, failed: 0, verdicts: { done: howMany } };
      expect(batch).toMatchObject({ kind: work.kind, ...counts });
      expect(batch.rows.map(({ tokenId }) => tokenId).sort()).toEqual([...chosen.ids].sort());
      expect({ kind: work.kind, done: (await rowsOf(chosen)).filter(isDone).length }).toEqual({
        kind: work.kind,
        done: howMany,
      });
      expect(JSON.stringify(batch)).not.toContain('hush-hush');
    }
    for (const row of await rowsOf(other)) {
      expect(row).toMatchObject({ state: 'active', videoLimit: 3, credentialVersion: 1, hiddenAt: null });
    }
  }, 180_000);
});

describe('a row that fails for a passing reason', () => {
  const show = async (id: string) => (await stack.call<BatchPage>('GET', `/internal/batches/${id}?limit=1000`)).body;
  const begin = async (work: object) =>
    (await stack.call<BatchView>('POST', '/internal/batches', { body: work })).body.id;

  it.each([
    ['test', '/backend/me', { status: 503 }],
    ['test', '/backend/me', 'hang up'],
    ['refresh', '/api/auth/session', { status: 500 }],
  ] as const)('is put off in sight of all and done later: %s while %s answers %j', async (kind, path, failure) => {
    const { ids } = await addGroup(5);
    stack.upstream.failures.set(path, failure);
    const id = await begin({ kind, tokenIds: ids });
    let page = await show(id);
    const isPutOff = async () => {
      page = await show(id);
      return page.rows.every(({ retries }) => retries > 0);
    };
    await waitFor(isPutOff, { timeoutMs: 20_000 });
    expect(page).toMatchObject({ state: 'running', done: 0 });
    for (const row of page.rows)
      expect(row).toMatchObject({ verdict: null, message: expect.stringMatching(/\w/) as string });
    stack.upstream.failures.clear();
    expect(await endOf(stack, id)).toMatchObject({ state: 'done', done: 5, failed: 0 });
  });

  it('does not hold up the others, and none is tried again that failed for good', async () => {
    const { ids } = await addGroup(3);
    const [broken = ''] = ids;
    await stack.database.token.update({ where: { id: broken }, data: { sessionTokenSealed: null } });
    const batch = await runBatch(stack, { kind: 'refresh', tokenIds: ids });
    expect(batch).toMatchObject({ done: 3, failed: 1 });
    expect(batch.rows.find(({ tokenId }) => tokenId === broken)).toMatchObject({ verdict: 'failed', retries: 0 });
  });

  it('of an import is done with the same token, which had not been used up', async () => {
    const account = { email: 'import-later@example.com' };
    stack.upstream.sessionTokens.set('session-import-later', account);
    stack.upstream.failures.set('/api/auth/session', { status: 500 });
    const { body } = await upload(stack, 'session-import-later', { mode: 'session' });
    const { id } = body as BatchView;
    await waitFor(async () => (await show(id)).rows.some(({ retries }) => retries > 0), { timeoutMs: 20_000 });
    stack.upstream.failures.clear();
    expect((await endOf(stack, id)).rows).toMatchObject([{ verdict: 'added' }]);
  });

  it('and whose batch is cancelled meanwhile holds no secret any more', async () => {
    stack.upstream.failures.set('/api/auth/session', { status: 500 });
    const { body } = await upload(stack, 'session-of-nobody', { mode: 'session' });
    const { id } = body as BatchView;
    await waitFor(async () => (await show(id)).rows.some(({ retries }) => retries > 0), { timeoutMs: 20_000 });
    await stack.call('POST', `/internal/batches/${id}/cancel`);
    const held = () => stack.database.batchRow.count({ where: { batchId: id, payloadSealed: { not: null } } });
    await waitFor(async () => (await held()) === 0, { timeoutMs: 20_000 });
  });

  it('has its verdict after as many tries as are set, each after a longer pause', async () => {
    const batchId = 'batch-of-one-row';
    await createBatch(stack.database, { id: batchId, kind: 'test', options: {}, secretSealed: null });
    await addRows(stack.database, batchId, [{ n: 1, payloadSealed: null, label: null, hint: null, problem: null }]);
    const settings = { read: async () => ({ ...defaultSettings, 'batch.retries': 2, 'batch.retryMs': 1_000_000 }) };
    const where = { batchId_n: { batchId, n: 1 } };
    const fail = async (): Promise<{ verdict: string | null; retries: number; pauseMs: number }> => {
      const row = await stack.database.batchRow.update({ where, data: { claim: 'mine' } });
      const done = { verdict: 'failed', message: 'away', tokenId: null, isPassing: true } as const;
      const beganAt = Date.now();
      await settleRow({ database: stack.database, settings }, { batchId, claim: 'mine', row, done });
      const { verdict, retries, claimedUntil } = await stack.database.batchRow.findUniqueOrThrow({ where });
      return { verdict, retries, pauseMs: (claimedUntil?.getTime() ?? 0) - beganAt };
    };
    const first = await fail();
    expect(first).toMatchObject({ verdict: null, retries: 1 });
    const second = await fail();
    expect(second).toMatchObject({ verdict: null, retries: 2 });
    expect(second.pauseMs).toBeGreaterThan(2 * first.pauseMs);
    expect(await fail()).toMatchObject({ verdict: 'failed', retries: 2 });
  });
});
