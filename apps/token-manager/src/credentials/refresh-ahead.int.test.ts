/** Two replicas that renew credentials by themselves; what reached the upstream is judged by its own log. */
import type { TokenEventPage } from '@reelay/contracts/token-history';
import type { CredentialView } from '@reelay/contracts/tokens';
import { waitFor } from '@reelay/testing/wait-for';
import type { TokenManager } from '../create-token-manager.js';
import { TestStack } from '../testing/test-stack.js';
import type { TinyAccount } from '../testing/tiny-upstream.js';

let stack: TestStack;
let replicas: TokenManager[];
let account: TinyAccount;
let accounts = 0;

beforeAll(async () => {
  stack = await TestStack.open();
  replicas = [await stack.start(), await stack.start()];
});
afterAll(() => stack.close());
beforeEach(() => {
  accounts += 1;
  account = { email: `ahead-${accounts}@example.com` };
  stack.upstream.failures.clear();
  stack.upstream.calls.length = 0;
  stack.upstream.sentRefreshTokens.length = 0;
});

/** Of a test that waits for several things on a machine that may be busy. */
const patient = 120_000;
const soon = { timeoutMs: 20_000, intervalMs: 20 };
const hour = 3_600_000;
const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });
const ask = (id: string, staleVersion?: number, manager = replicas[0]!) =>
  stack.call<CredentialView>('POST', `/internal/tokens/${id}/credential`, { body: { staleVersion }, manager });
const eventsOf = async (id: string, type: string) =>
  (await stack.call<TokenEventPage>('GET', `/internal/tokens/${id}/events`)).body.data.filter(
    (event) => event.type === type,
  );

async function addAccount(secrets: { session?: boolean; refresh?: boolean } = {}) {
  const sessionToken = `session-of-${account.email}`;
  const refreshToken = `refresh-of-${account.email}-0`;
  if (secrets.session) stack.upstream.sessionTokens.set(sessionToken, account);
  if (secrets.refresh) stack.upstream.refreshTokens.set(refreshToken, account);
  const { id } = await stack.add({
    accessToken: stack.upstream.mint(account),
    ...(secrets.session ? { sessionToken } : {}),
    ...(secrets.refresh ? { refreshToken } : {}),
  });
  await waitFor(async () => (await rowOf(id)).refreshDueAt !== null, soon);
  return { id, sessionToken, refreshToken };
}

const fallDue = (id: string) =>
  stack.database.token.update({ where: { id }, data: { refreshDueAt: new Date(Date.now() - 1_000) } });
const expire = (id: string) => {
  const past = new Date(Date.now() - 1_000);
  return stack.database.token.update({ where: { id }, data: { expiresAt: past, refreshDueAt: past } });
};

it(
  'a new credential is reckoned with once: it is due before the last fifth of its life',
  async () => {
    const { id } = await addAccount({ session: true });
    const { refreshDueAt, expiresAt } = await rowOf(id);
    const leftMs = expiresAt!.getTime() - refreshDueAt!.getTime();
    expect(leftMs).toBeGreaterThan(hour / 10);
    expect(leftMs).toBeLessThan(hour);
    await stack.stop(replicas.pop()!);
    replicas.push(await stack.start());
    expect((await rowOf(id)).refreshDueAt).toEqual(refreshDueAt);
  },
  patient,
);

it(
  'a due credential is renewed by itself and once, though two replicas look, and nobody asks for it',
  async () => {
    const { id } = await addAccount({ refresh: true });
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).credentialVersion === 2, soon);
    expect(stack.upstream.sentRefreshTokens).toHaveLength(1);
    await waitFor(async () => (await rowOf(id)).refreshDueAt !== null, soon);
    expect((await rowOf(id)).refreshDueAt!.getTime()).toBeGreaterThan(Date.now());
    expect(await eventsOf(id, 'credential_renewed')).toHaveLength(1);
  },
  patient,
);

it(
  'an account that was disabled is left alone',
  async () => {
    const { id } = await addAccount({ session: true });
    await stack.call('POST', `/internal/tokens/${id}/disable`, { body: {} });
    await fallDue(id);
    account = { email: `other-${accounts}@example.com` };
    const other = await addAccount({ session: true });
    await fallDue(other.id);
    await waitFor(async () => (await rowOf(other.id)).credentialVersion === 2, soon);
    expect((await rowOf(id)).credentialVersion).toBe(1);
  },
  patient,
);

it(
  'a passing failure is tried again later, and the account works on meanwhile',
  async () => {
    const { id } = await addAccount({ session: true });
    stack.upstream.failures.set('/api/auth/session', { status: 503 });
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).refreshFailures === 1, soon);
    expect(await rowOf(id)).toMatchObject({ state: 'active', videoCoolingUntil: null, refreshWarning: null });
    expect((await ask(id)).status).toBe(200);
    stack.upstream.failures.clear();
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).credentialVersion === 2, soon);
    expect((await rowOf(id)).refreshFailures).toBe(0);
  },
  patient,
);

it(
  'an account with nothing to renew it warns once, works until its access token ends, then says what to do',
  async () => {
    const { id } = await addAccount();
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).refreshWarning !== null, soon);
    const row = await rowOf(id);
    expect(row).toMatchObject({ state: 'active', refreshDueAt: row.expiresAt });
    // Also when it is looked at once more.
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).refreshDueAt?.getTime() === row.expiresAt?.getTime(), soon);
    expect(await eventsOf(id, 'renewal_impossible')).toMatchObject([
      { data: { reason: expect.stringContaining('Add the account again'), endsAt: row.expiresAt?.getTime() } },
    ]);
    expect((await ask(id)).status).toBe(200);
    await expire(id);
    await waitFor(async () => (await rowOf(id)).state === 'needs_attention', soon);
    expect((await rowOf(id)).stateReason).toContain('Add the account again with a new one');
    expect(stack.upstream.count('GET /api/auth/session')).toBe(0);
  },
  patient,
);

it(
  'with an unknown outcome the account works on with a warning until its access token ends, and nothing is sent again',
  async () => {
    const { id, refreshToken } = await addAccount({ refresh: true });
    stack.upstream.failures.set('/oauth/token', 'hang up');
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).refreshWarning !== null, soon);
    stack.upstream.failures.clear();
    expect(await eventsOf(id, 'renewal_impossible')).toHaveLength(1);
    expect(await rowOf(id)).toMatchObject({ state: 'active', videoCoolingUntil: null });
    for (const manager of replicas) expect((await ask(id, undefined, manager)).body.version).toBe(1);
    await expire(id);
    await waitFor(async () => (await rowOf(id)).state === 'needs_attention', soon);
    expect((await rowOf(id)).stateReason).toContain('may be used up');
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
  },
  patient,
);

it(
  'with an unknown outcome the session token is a way',
  async () => {
    const { id, refreshToken } = await addAccount({ session: true, refresh: true });
    stack.upstream.failures.set('/api/auth/session', { status: 503 });
    stack.upstream.failures.set('/oauth/token', 'hang up');
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).refreshFailures === 1, soon);
    stack.upstream.failures.clear();
    await fallDue(id);
    await waitFor(async () => (await rowOf(id)).credentialVersion === 2, soon);
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
  },
  patient,
);

it(
  'on demand a good credential is renewed, and one that cannot be goes on with the sentence that says why',
  async () => {
    const good = await addAccount({ session: true });
    const answer = await stack.call<{ refreshed: boolean }>('POST', `/internal/tokens/${good.id}/refresh`);
    expect(answer).toMatchObject({ status: 200, body: { refreshed: true } });
    expect((await rowOf(good.id)).credentialVersion).toBe(2);
    account = { email: `bare-${accounts}@example.com` };
    const bare = await addAccount();
    const refused = await stack.call('POST', `/internal/tokens/${bare.id}/refresh`);
    expect(refused.body).toMatchObject({ refreshed: false, message: expect.stringContaining('Add the account again') });
    expect((await rowOf(bare.id)).state).toBe('active');
    expect((await ask(bare.id)).status).toBe(200);
  },
  patient,
);
