/** What an operator reads, changes, tests and renews of one account. */
import type { RefreshedToken, TestedToken, TokenDetails } from '@reelay/contracts/token-details';
import type { TokenList } from '@reelay/contracts/token-list';
import type { TokenView } from '@reelay/contracts/tokens';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { waitFor } from '@reelay/testing/wait-for';
import { type ErrorBody, TestStack } from '../testing/test-stack.js';

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
  return { email: `one-${accounts}@example.com`, plan: 'chatgpt_pro', remaining: 7 };
}
const add = (more: object = {}, account = newAccount()) =>
  stack.add({ accessToken: stack.upstream.mint(account), ...more });
const show = async (id: string) => (await stack.call<TokenDetails>('GET', `/internal/tokens/${id}`)).body;
const change = <Body = TokenDetails>(id: string, body: object) =>
  stack.call<Body>('PATCH', `/internal/tokens/${id}`, { body });
const list = async (query: string) => (await stack.call<TokenList>('GET', `/internal/tokens?${query}`)).body;
const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;

describe('the list', () => {
  it('goes page by page from the newest on, counts on demand, and says what is wrong with a query', async () => {
    const label = 'listed';
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await add({ label: `${label} ${n}` })).id);
    const first = await list(`q=${label}&limit=2&total=true`);
    expect(first).toMatchObject({ total: 5, next: ids[1] });
    const second = await list(`q=${label}&limit=2&after=${first.next}`);
    expect(second).not.toHaveProperty('total');
    const third = await list(`q=${label}&limit=2&after=${second.next}`);
    expect([...first.data, ...second.data, ...third.data].map(({ id }) => id)).toEqual(ids);
    expect(third.next).toBeNull();
    for (const [query, param] of [
      ['sate=active', 'sate'],
      ['limit=201', 'limit'],
      ['sora2=perhaps', 'sora2'],
    ]) {
      const refused = await stack.call<ErrorBody>('GET', `/internal/tokens?${query}`);
      expect([refused.status, refused.body.error.param]).toEqual([400, param]);
    }
  });

  it('and the counts follow the states', async () => {
    const { id } = await add();
    const before = (await stack.call<object>('GET', '/internal/token-counts')).body as {
      total: number;
      disabled: number;
    };
    await stack.call('POST', `/internal/tokens/${id}/disable`);
    expect((await stack.call('GET', '/internal/token-counts')).body).toMatchObject({
      ...{ total: before.total, disabled: before.disabled + 1 },
    });
  });
});

describe('one account', () => {
  it('shows everything that is known of it, and its proxy without user and password', async () => {
    const account = { ...newAccount(), username: 'ada.l', paidUntil: '2090-01-02T03:04:05Z' };
    const { id } = await add({ sessionToken: 'session-of-one', clientId: 'app_1', label: 'mine' }, account);
    await change(id, { proxyUrl: 'socks5://hush-user:hush-password@proxy.example:1080' });
    const details = await show(id);
    expect(details).toMatchObject({
      ...{ id, identity: account.email, label: 'mine', clientId: 'app_1', plan: 'pro', sora2: true, state: 'active' },
      ...{ remaining: 7, resetsAt: isoTime, inspectedAt: isoTime, expiresAt: isoTime, createdAt: isoTime },
      ...{ username: 'ada.l', subscriptionEndsAt: '2090-01-02T03:04:05.000Z' },
      ...{ hasSessionToken: true, hasRefreshToken: false, credentialVersion: 1, weight: 1, usedByPeople: false },
      ...{ imageLimit: 1, videoLimit: 3, imageEnabled: true, videoEnabled: true, usedImageSlots: 0, usedVideoSlots: 0 },
      ...{ video: { state: 'ready', until: null, reason: null, faults: 0 }, warnings: [], lastError: null },
      proxy: { address: 'socks5://***@proxy.example:1080' },
    });
    expect(JSON.stringify(details)).not.toContain('hush');
    await waitFor(async () => (await show(id)).refreshDueAt !== null, { timeoutMs: 25_000 });
    expect((await stack.call('GET', '/internal/tokens/nobody')).status).toBe(404);
  });

  it('tells the last fault, and warns of a credential that nothing can renew or that may be used up', async () => {
    const { id } = await add();
    expect((await show(id)).warnings).toEqual([expect.stringContaining('Neither a session token nor a refresh token')]);
    await stack.database.token.update({
      where: { id },
      data: { refreshTokenSealed: 'v1.sealed', refreshTokenUsedAt: new Date(), subscriptionEndsAt: new Date(0) },
    });
    await stack.database.tokenEvent.create({
      data: { tokenId: id, at: new Date(), type: 'fault', data: { reason: 'a limit' }, before: {}, after: {} },
    });
    expect(await show(id)).toMatchObject({
      lastError: { at: isoTime, type: 'fault', reason: 'a limit' },
      warnings: [expect.stringContaining('may be used up'), expect.stringContaining('has ended')],
    });
  });

  it('is told to have a proxy that this master key does not open', async () => {
    const { id } = await add();
    await stack.database.token.update({ where: { id }, data: { proxySealed: 'v1.of.another.key' } });
    expect(await show(id)).toMatchObject({ proxy: { address: null } });
    expect((await show(id)).warnings).toContainEqual(expect.stringContaining('set it again'));
  });
});

describe('a change', () => {
  it('sets what was said, all of it, and leaves the rest', async () => {
    const { id } = await add({ label: 'before', videoLimit: 2 });
    const said = {
      label: 'after',
      imageLimit: 4,
      videoEnabled: false,
      weight: 5,
      usedByPeople: true,
      clientId: 'app_2',
    };
    expect(await change(id, said)).toMatchObject({ status: 200, body: { id, ...said, videoLimit: 2 } });
    expect((await change(id, { proxyUrl: 'http://127.0.0.1:9' })).body.proxy).toEqual({
      address: 'http://127.0.0.1:9',
    });
    expect(await change(id, { proxyUrl: null, clientId: null })).toMatchObject({
      body: { proxy: null, clientId: null, label: 'after' },
    });
  });

  it('refuses a misspelt or impossible one without quoting a secret, and changes nothing', async () => {
    const { id } = await add({ label: 'kept' });
    for (const [body, param] of [
      [{ label: 'lost', vidoeLimit: 2 }, 'vidoeLimit'],
      [{ label: 'lost', proxyUrl: 'ftp://me:hush-hush@x' }, 'proxyUrl'],
      [{}, 'label'],
    ] as const) {
      const refused = await change<ErrorBody>(id, body);
      expect([refused.status, refused.body.error.param]).toEqual([400, param]);
      expect(JSON.stringify(refused.body)).not.toContain('hush');
    }
    expect((await show(id)).label).toBe('kept');
    expect((await change('nobody', { weight: 2 })).status).toBe(404);
  });

  it('that makes room lets waiting work begin', async () => {
    for (const { id } of await stack.list()) await stack.call('POST', `/internal/tokens/${id}/disable`);
    const { id } = await add({ videoLimit: 0 });
    const [generationId = ''] = await insertWaiting(stack.database);
    await change(id, { videoLimit: 1 });
    const generation = () => stack.database.generation.findUniqueOrThrow({ where: { id: generationId } });
    await waitFor(async () => (await generation()).tokenId === id, { timeoutMs: 20_000 });
    expect(await show(id)).toMatchObject({ usedSlots: 1, usedVideoSlots: 1, usedImageSlots: 0, lastUsedAt: isoTime });
  });
});

describe('a test', () => {
  const test = async (id: string) => (await stack.call<TestedToken>('POST', `/internal/tokens/${id}/test`)).body;

  it('asks the upstream now and shows what it said', async () => {
    const account = newAccount();
    const { id } = await add({}, account);
    account.remaining = 3;
    expect(await test(id)).toMatchObject({
      ...{ works: true, code: null, message: 'The account works: plan pro, Sora 2 yes, videos left 3.' },
      token: { id, remaining: 3 },
    });
    expect((await stack.call('POST', '/internal/tokens/nobody/test')).status).toBe(404);
  });

  it('of a broken account is answered with the reason', async () => {
    const account = newAccount();
    const accessToken = stack.upstream.mint(account);
    const { id } = await stack.add({ accessToken });
    stack.upstream.failures.set('/backend/me', { status: 500 });
    expect(await test(id)).toMatchObject({ works: false, code: 'upstream_unavailable', token: { state: 'active' } });
    stack.upstream.failures.clear();
    stack.upstream.accessTokens.delete(accessToken);
    expect(await test(id)).toMatchObject({
      ...{ works: false, code: 'credential_unavailable', message: expect.stringMatching(/stored/) as string },
      token: { state: 'needs_attention', stateReason: expect.any(String) as string },
    });
  });

  it('of one whose access token was refused renews it first', async () => {
    const account = newAccount();
    const accessToken = stack.upstream.mint(account);
    stack.upstream.sessionTokens.set('session-for-test', account);
    const { id } = await stack.add({ accessToken, sessionToken: 'session-for-test' });
    stack.upstream.accessTokens.delete(accessToken);
    expect(await test(id)).toMatchObject({ works: true, token: { credentialVersion: 2 } });
  });
});

describe('a renewal', () => {
  const refresh = async (id: string) =>
    (await stack.call<RefreshedToken>('POST', `/internal/tokens/${id}/refresh`)).body;

  it('asks by the session token first and leaves the refresh token alone', async () => {
    const account = newAccount();
    stack.upstream.sessionTokens.set('session-to-renew', account);
    stack.upstream.refreshTokens.set('refresh-to-keep', account);
    const { id } = await add({ sessionToken: 'session-to-renew', refreshToken: 'refresh-to-keep' }, account);
    expect(await refresh(id)).toMatchObject({ refreshed: true, token: { credentialVersion: 2, state: 'active' } });
    expect(stack.upstream.sentRefreshTokens).not.toContain('refresh-to-keep');
    stack.upstream.sessionTokens.delete('session-to-renew');
    expect(await refresh(id)).toMatchObject({ refreshed: true, token: { credentialVersion: 3 } });
    expect(stack.upstream.sentRefreshTokens).toContain('refresh-to-keep');
  });

  it('that cannot be says why and leaves a good access token in use', async () => {
    const { id } = await add();
    expect(await refresh(id)).toMatchObject({
      ...{ refreshed: false, message: expect.stringMatching(/stored/) as string },
      token: { credentialVersion: 1, state: 'active' },
    });
    expect((await stack.call('POST', '/internal/tokens/nobody/refresh')).status).toBe(404);
  });
});

describe('an account that a person disabled', () => {
  const disable = (id: string) =>
    stack.call<TokenView>('POST', `/internal/tokens/${id}/disable`, { body: { reason: 'mine' } });

  it('stays disabled when it is added again, tested or renewed: only a person enables it', async () => {
    const account = newAccount();
    stack.upstream.sessionTokens.set('session-of-disabled', account);
    const { id } = await add({ sessionToken: 'session-of-disabled' }, account);
    await disable(id);
    const isDisabled = { state: 'disabled', disabledBy: 'operator', stateReason: 'mine' };
    expect(await add({}, account)).toMatchObject({ id, created: false, ...isDisabled });
    await stack.call('POST', `/internal/tokens/${id}/test`);
    await stack.call('POST', `/internal/tokens/${id}/refresh`);
    expect(await show(id)).toMatchObject(isDisabled);
  });

  it('and deleted begins anew when it is added again: that is a decision about the account as well', async () => {
    const account = newAccount();
    const { id } = await add({}, account);
    await disable(id);
    await stack.call('DELETE', `/internal/tokens/${id}`);
    expect((await stack.call('GET', `/internal/tokens/${id}`)).status).toBe(404);
    expect(await add({}, account)).toMatchObject({ id, created: true, state: 'active', disabledBy: null });
  });
});
