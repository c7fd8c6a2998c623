import type { CredentialView } from '@reelay/contracts/tokens';
import type { TokenManager } from '../create-token-manager.js';
import { type Answer, type ErrorBody, TestStack } from '../testing/test-stack.js';
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
  account = { email: `person-${accounts}@example.com` };
  stack.upstream.failures.clear();
  stack.upstream.calls.length = 0;
  stack.upstream.sentRefreshTokens.length = 0;
  stack.upstream.exchangeMs = 0;
  stack.upstream.sessionGivesMs = 3_600_000;
});

const sessionCall = 'GET /api/auth/session';
const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });

async function addAccount(secrets: { session?: boolean; refresh?: boolean } = {}) {
  const sessionToken = `session-of-${account.email}`;
  const refreshToken = `refresh-of-${account.email}-0`;
  if (secrets.session) stack.upstream.sessionTokens.set(sessionToken, account);
  if (secrets.refresh) stack.upstream.refreshTokens.set(refreshToken, account);
  const accessToken = stack.upstream.mint(account);
  const added = await stack.add({
    accessToken,
    ...(secrets.session ? { sessionToken } : {}),
    ...(secrets.refresh ? { refreshToken } : {}),
  });
  return { id: added.id, accessToken, sessionToken, refreshToken };
}

function ask<Body = CredentialView>(id: string, staleVersion?: number, manager = replicas[0]): Promise<Answer<Body>> {
  const body = staleVersion === undefined ? {} : { staleVersion };
  return stack.call<Body>('POST', `/internal/tokens/${id}/credential`, { body, ...(manager ? { manager } : {}) });
}
const refuse = (id: string, staleVersion?: number) => ask<ErrorBody>(id, staleVersion);

describe('a credential that is good', () => {
  it('is handed out as it is, with its target and expiry', async () => {
    const { id, accessToken } = await addAccount({ session: true });
    expect(await ask(id)).toMatchObject({
      status: 200,
      body: { accessToken, version: 1, target: 'simulator', proxyUrl: null, expiresAt: expect.any(Number) },
    });
    expect(stack.upstream.count(sessionCall)).toBe(0);
  });

  it('is handed out to somebody who complains about an older version', async () => {
    const { id } = await addAccount({ session: true });
    await ask(id, 1);
    expect((await ask(id, 1)).body.version).toBe(2);
    expect(stack.upstream.count(sessionCall)).toBe(1);
  });

  it('is replaced ahead of its end, and still good when that does not work', async () => {
    const { id, accessToken } = await addAccount({ session: true });
    await stack.database.token.update({ where: { id }, data: { expiresAt: new Date(Date.now() + 20_000) } });
    stack.upstream.failures.set('/api/auth/session', { status: 503 });
    expect((await ask(id)).body).toMatchObject({ accessToken, version: 1 });
    stack.upstream.failures.clear();
    expect((await ask(id)).body).toMatchObject({ version: 2 });
  });
});

describe('a credential that was refused or has expired', () => {
  it('is refreshed once under 20 concurrent complaints at two replicas', async () => {
    const { id } = await addAccount({ refresh: true });
    stack.upstream.exchangeMs = 150;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, no) => ask(id, 1, replicas[no % 2])));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.version))).toEqual(new Set([2]));
    expect(stack.upstream.sentRefreshTokens).toHaveLength(1);
  });

  it('is refreshed by anybody who asks once it has expired', async () => {
    const { id } = await addAccount({ session: true });
    await stack.database.token.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1_000) } });
    const { body } = await ask(id);
    expect(body).toMatchObject({ version: 2 });
    expect(body.expiresAt).toBeGreaterThan(Date.now());
  });

  it('goes by the session token first, and leaves the refresh token alone', async () => {
    const { id } = await addAccount({ session: true, refresh: true });
    expect((await ask(id, 1)).body.version).toBe(2);
    expect(stack.upstream.sentRefreshTokens).toEqual([]);
  });

  it('goes by the refresh token when the session has ended, and keeps each successor for the next time', async () => {
    const { id, sessionToken, refreshToken } = await addAccount({ session: true, refresh: true });
    stack.upstream.sessionTokens.delete(sessionToken);
    expect((await ask(id, 1)).body.version).toBe(2);
    expect((await ask(id, 2)).body.version).toBe(3);
    const [first, second] = stack.upstream.sentRefreshTokens;
    expect(first).toBe(refreshToken);
    expect(second).not.toBe(refreshToken);
    expect(await rowOf(id)).toMatchObject({ refreshTokenUsedAt: null, state: 'active', refreshClaim: null });
  });

  it('needs attention when there is nothing to refresh it with, and the upstream is not asked', async () => {
    const { id } = await addAccount();
    stack.upstream.calls.length = 0;
    expect(await refuse(id, 1)).toMatchObject({ status: 503, body: { error: { code: 'credential_unavailable' } } });
    expect(await rowOf(id)).toMatchObject({
      state: 'needs_attention',
      stateReason: expect.stringContaining('Add the account again'),
    });
    expect(stack.upstream.calls).toEqual([]);
  });

  it('needs attention when everything was refused, and is not tried again and again', async () => {
    const { id, sessionToken, refreshToken } = await addAccount({ session: true, refresh: true });
    stack.upstream.sessionTokens.delete(sessionToken);
    stack.upstream.refreshTokens.delete(refreshToken);
    for (let times = 0; times < 3; times += 1) {
      expect(await refuse(id, 1)).toMatchObject({ status: 503, body: { error: { code: 'credential_unavailable' } } });
    }
    expect(await rowOf(id)).toMatchObject({ state: 'needs_attention' });
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
    expect(stack.upstream.count(sessionCall)).toBe(1);
  });

  it('is asked for once when the upstream gives one that has expired, and the account rests', async () => {
    const { id } = await addAccount({ session: true });
    stack.upstream.sessionGivesMs = -60_000;
    expect(await refuse(id, 1)).toMatchObject({ status: 503, body: { error: { code: 'credential_unavailable' } } });
    expect(stack.upstream.count(sessionCall)).toBe(1);
    expect(await rowOf(id)).toMatchObject({ state: 'active', videoCoolingUntil: expect.any(Date) });
  });

  it('is handed out after one refresh also when the new one ends soon', async () => {
    const { id } = await addAccount({ session: true });
    stack.upstream.sessionGivesMs = 20_000;
    expect((await ask(id, 1)).body.version).toBe(2);
    expect(stack.upstream.count(sessionCall)).toBe(1);
  });

  it('leaves what a person disabled as it is', async () => {
    const { id } = await addAccount();
    await stack.database.token.update({ where: { id }, data: { state: 'disabled', stateReason: 'by hand' } });
    expect((await refuse(id, 1)).status).toBe(503);
    expect(await rowOf(id)).toMatchObject({ state: 'disabled', stateReason: 'by hand' });
  });
});

describe('a refresh whose outcome is unknown', () => {
  it('is never repeated with the same refresh token', async () => {
    const { id, refreshToken } = await addAccount({ refresh: true });
    stack.upstream.failures.set('/oauth/token', 'hang up');
    expect((await refuse(id, 1)).status).toBe(503);
    expect(await rowOf(id)).toMatchObject({
      state: 'needs_attention',
      stateReason: expect.stringContaining('may be used up'),
    });
    stack.upstream.failures.clear();
    // Also when the account is put back into service without a new credential.
    await stack.database.token.update({ where: { id }, data: { state: 'active' } });
    expect((await refuse(id, 1)).status).toBe(503);
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
  });

  it('leaves the session token as a way', async () => {
    const { id } = await addAccount({ session: true, refresh: true });
    stack.upstream.failures.set('/api/auth/session', { status: 503 });
    stack.upstream.failures.set('/oauth/token', 'hang up');
    expect((await refuse(id, 1)).status).toBe(503);
    expect((await rowOf(id)).state).toBe('active');
    stack.upstream.failures.clear();
    expect((await ask(id, 1)).body.version).toBe(2);
    expect(stack.upstream.sentRefreshTokens).toHaveLength(1);
  });

  it('is taken as that when the process died after sending: the claim ends, the refresh token stays unsent', async () => {
    const { id } = await addAccount({ refresh: true });
    const longAgo = new Date(Date.now() - 3_600_000);
    await stack.database.token.update({
      where: { id },
      data: { refreshClaim: 'of a dead process', refreshClaimedAt: longAgo, refreshTokenUsedAt: longAgo },
    });
    expect((await refuse(id, 1)).status).toBe(503);
    expect(stack.upstream.sentRefreshTokens).toEqual([]);
    expect((await rowOf(id)).state).toBe('needs_attention');
  });

  it('is over when the account is added again', async () => {
    const { id } = await addAccount({ refresh: true });
    stack.upstream.failures.set('/oauth/token', 'hang up');
    await refuse(id, 1);
    stack.upstream.failures.clear();
    stack.upstream.refreshTokens.set('fresh-refresh-token', account);
    const again = await stack.add({ accessToken: stack.upstream.mint(account), refreshToken: 'fresh-refresh-token' });
    expect(again).toMatchObject({ id, state: 'active' });
    expect((await ask(id, 2)).body.version).toBe(3);
  });
});

describe('a refresh that did not come about', () => {
  it('lets the account rest, and works with the same refresh token afterwards', async () => {
    const { id, refreshToken } = await addAccount({ refresh: true });
    stack.upstream.failures.set('/oauth/token', {
      status: 429,
      body: { error: { code: 'rate_limit_exceeded', message: 'slow down' } },
    });
    expect(await refuse(id, 1)).toMatchObject({ status: 503, body: { error: { code: 'credential_unavailable' } } });
    expect(await rowOf(id)).toMatchObject({
      ...{ state: 'active', refreshTokenUsedAt: null, refreshClaim: null },
      videoCoolingUntil: expect.any(Date),
    });
    stack.upstream.failures.clear();
    expect((await ask(id, 1)).body.version).toBe(2);
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken, refreshToken]);
  });
});
