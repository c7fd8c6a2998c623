/** @slow */
import type { CredentialView } from '@reelay/contracts/tokens';
import { writeSettings } from '@reelay/db/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { importFile } from '../testing/import-file.js';
import { type ErrorBody, TestStack } from '../testing/test-stack.js';

const accounts = 1_000;
const concurrency = 8;
let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await writeSettings(stack.database, {
    ...{ 'refresh.concurrency': concurrency, 'refresh.perMinute': 60_000, 'inspect.perMinute': 1 },
  });
});
afterAll(() => stack.close());

test('a thousand credentials that end together, with workers asking for them, never fall on the upstream at once', async () => {
  const loader = await stack.start();
  const rows = Array.from({ length: accounts }, (_, no) => {
    const account = { email: `storm-${no}@example.com` };
    stack.upstream.refreshTokens.set(`refresh-of-storm-${no}`, account);
    return { access_token: stack.upstream.mint(account), refresh_token: `refresh-of-storm-${no}` };
  });
  await importFile(stack, rows, { mode: 'offline' });
  await stack.stop(loader);
  const past = new Date(Date.now() - 1_000);
  await stack.database.token.updateMany({ data: { expiresAt: past, refreshDueAt: past } });
  stack.upstream.exchangeMs = 5;

  const replicas = [await stack.start(), await stack.start()];
  const ids = (await stack.database.token.findMany({ select: { id: true }, take: 150 })).map(({ id }) => id);
  const answers = await Promise.all(
    ids.map((id, no) =>
      stack.call<CredentialView & ErrorBody>('POST', `/internal/tokens/${id}/credential`, {
        body: {},
        manager: replicas[no % 2]!,
      }),
    ),
  );
  for (const { status, body } of answers) {
    if (status === 200) expect(body.version).toBe(2);
    else expect([status, body.error.code]).toEqual([503, 'credential_unavailable']);
  }
  let done = 0;
  const isOver = async () => {
    done = await stack.database.token.count({ where: { credentialVersion: 2 } });
    return done === accounts;
  };
  await waitFor(isOver, {
    ...{ timeoutMs: 400_000, intervalMs: 100 },
    describe: () => `all credentials, of which ${done} were renewed`,
  });
  expect(stack.upstream.mostExchanging).toBeLessThanOrEqual(replicas.length * concurrency);
  expect(stack.upstream.sentRefreshTokens).toHaveLength(accounts);
  expect(new Set(stack.upstream.sentRefreshTokens).size).toBe(accounts);
  expect(await stack.database.token.count({ where: { state: 'active', refreshWarning: null } })).toBe(accounts);
}, 480_000);

test('the rate of all replicas together is bounded, and whoever asks is told to come again', async () => {
  for (const manager of [...stack.managers]) await stack.stop(manager);
  await writeSettings(stack.database, { 'refresh.perMinute': 1 });
  await stack.database.timer.deleteMany({ where: { name: { startsWith: 'refresh.' } } });
  stack.upstream.sentRefreshTokens.length = 0;
  const replicas = [await stack.start(), await stack.start()];
  const tokens = await stack.database.token.findMany({ select: { id: true }, take: 20 });
  const answers = await Promise.all(
    tokens.map(({ id }, no) =>
      stack.call('POST', `/internal/tokens/${id}/credential`, {
        body: { staleVersion: 2 },
        manager: replicas[no % 2]!,
      }),
    ),
  );
  // One at once; another one at most where this took longer than a minute.
  expect(stack.upstream.sentRefreshTokens.length).toBeGreaterThan(0);
  expect(stack.upstream.sentRefreshTokens.length).toBeLessThan(5);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBe(tokens.length - stack.upstream.sentRefreshTokens.length);
  expect(await stack.database.token.count({ where: { state: 'active' } })).toBe(accounts);
}, 120_000);
