import type { ProxiesView } from '@reelay/contracts/proxies';
import type { CredentialView } from '@reelay/contracts/tokens';
import { insertWaiting } from '@reelay/db/factories/insert-waiting';
import { startHttpProxy } from '@reelay/testing/http-proxy';
import type { TestProxy } from '@reelay/testing/proxy-tunnels';
import { startSocksProxy } from '@reelay/testing/socks-proxy';
import { waitFor } from '@reelay/testing/wait-for';
import { type ErrorBody, TestStack } from '../testing/test-stack.js';

let stack: TestStack;
const proxies: TestProxy[] = [];

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());
afterEach(async () => {
  await put({ defaultProxyUrl: null, uploadProxyUrl: null });
  await stack.database.token.updateMany({ data: { state: 'disabled' } });
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

const put = <Body = ProxiesView>(body: object) => stack.call<Body>('PUT', '/internal/proxies', { body });
const show = async () => (await stack.call<ProxiesView>('GET', '/internal/proxies')).body;
const credential = async (id: string, body: object = {}) =>
  (await stack.call<CredentialView>('POST', `/internal/tokens/${id}/credential`, { body })).body;

async function open(proxy: Promise<TestProxy>): Promise<TestProxy> {
  proxies.push(await proxy);
  return proxy;
}

let accounts = 0;
function newAccount(): { email: string } {
  accounts += 1;
  return { email: `proxied-${accounts}@example.com` };
}

const add = (more: object = {}, account = newAccount()) =>
  stack.add({ accessToken: stack.upstream.mint(account), ...more });

/** A waiting row that the running token-manager gives to the only account in service. */
async function assign(): Promise<string> {
  const [generationId = ''] = await insertWaiting(stack.database);
  const find = () => stack.database.submitAttempt.findFirst({ where: { generationId } });
  await waitFor(async () => (await find()) !== null, { timeoutMs: 20_000 });
  return (await find())?.id ?? '';
}

describe('the proxies of the installation', () => {
  it('are shown without their passwords, and can be changed one by one and removed', async () => {
    expect(await show()).toEqual({ default: null, upload: null });
    const both = { defaultProxyUrl: 'socks5h://me:canary-1@far.example:1081', uploadProxyUrl: 'https://[::1]:3128' };
    const view = {
      default: { isSet: true, hint: 'socks5h://me@far.example:1081' },
      upload: { isSet: true, hint: 'https://[::1]:3128' },
    };
    expect(await put(both)).toMatchObject({ status: 200, body: view });
    expect((await put({ uploadProxyUrl: null })).body).toEqual({ ...view, upload: null });
    expect((await put({})).body).toEqual({ ...view, upload: null });
    expect(await show()).toEqual({ ...view, upload: null });
    const changed = (await put({ defaultProxyUrl: 'http://near.example' })).body;
    expect(changed).toEqual({ default: { isSet: true, hint: 'http://near.example:80' }, upload: null });
  });

  it('lie sealed in the database, each for its own key, and are in no log', async () => {
    await put({ defaultProxyUrl: 'socks5://me:canary-2@far.example:1081', uploadProxyUrl: 'http://up.example' });
    const rows = await stack.database.sealedSetting.findMany({ orderBy: { key: 'asc' } });
    expect(rows.map(({ key }) => key)).toEqual(['proxy.default', 'proxy.upload']);
    expect(JSON.stringify(rows)).not.toMatch(/canary|far\.example|up\.example/);
    expect(stack.lines.join('')).not.toContain('canary');
    const [taken] = rows;
    await stack.database.sealedSetting.update({
      where: { key: 'proxy.upload' },
      data: { valueSealed: taken?.valueSealed ?? '' },
    });
    expect((await show()).upload).toEqual({ isSet: true, hint: null });
  });

  it.each([
    ['defaultProxyUrl', { defaultProxyUrl: 'socks4://me:canary-3@far.example:1' }],
    ['uploadProxyUrl', { defaultProxyUrl: null, uploadProxyUrl: 'http://me:canary-3%@far.example' }],
    ['uploadProxyUrl', { uploadProxyUrl: 7 }],
  ])('are refused as a whole when %s is none', async (param, body) => {
    await put({ defaultProxyUrl: 'http://near.example' });
    const answer = await put<ErrorBody>(body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_value', param } } });
    expect(JSON.stringify(answer.body) + stack.lines.join('')).not.toContain('canary-3');
    expect(await show()).toMatchObject({ default: { hint: 'http://near.example:80' } });
  });
});

describe('the credential of an account', () => {
  it('comes with its own proxy, else with that of the installation as it is now', async () => {
    const own = 'http://own.example:1';
    const accountWithProxy = newAccount();
    const [plain, proxied] = [await add(), await add({ proxyUrl: own }, accountWithProxy)];
    expect(await credential(plain.id)).toMatchObject({ proxyUrl: null, uploadProxyUrl: null });
    const common = 'socks5://me:secret@127.0.0.1:9';
    await put({ defaultProxyUrl: common, uploadProxyUrl: 'http://up.example' });
    expect(await credential(plain.id)).toMatchObject({ proxyUrl: common, uploadProxyUrl: 'http://up.example' });
    expect(await credential(proxied.id)).toMatchObject({ proxyUrl: own, uploadProxyUrl: 'http://up.example' });
    await put({ defaultProxyUrl: null });
    expect(await credential(plain.id)).toMatchObject({ proxyUrl: null, uploadProxyUrl: 'http://up.example' });
  });

  it('comes with the proxy that the attempt began with, whatever was changed since', async () => {
    const account = newAccount();
    const { id } = await add({ proxyUrl: 'http://first.example:1' }, account);
    const attemptId = await assign();
    await add({ proxyUrl: 'http://second.example:2' }, account);
    await put({ defaultProxyUrl: 'http://common.example:3' });
    expect((await credential(id)).proxyUrl).toBe('http://second.example:2');
    expect((await credential(id, { attemptId })).proxyUrl).toBe('http://first.example:1');
    // Nobody else's attempt, and none that is unknown.
    const other = await add();
    expect((await credential(other.id, { attemptId })).proxyUrl).toBe('http://common.example:3');
    expect((await credential(id, { attemptId: 'unknown' })).proxyUrl).toBe('http://second.example:2');
  });

  it('comes with the proxy of the installation that the attempt began with', async () => {
    await put({ defaultProxyUrl: 'socks5://first.example:1' });
    const { id } = await add();
    const attemptId = await assign();
    expect(await stack.database.submitAttempt.findUnique({ where: { id: attemptId } })).toMatchObject({
      proxyPlace: 'proxy.default',
    });
    await put({ defaultProxyUrl: 'socks5://second.example:2' });
    expect((await credential(id, { attemptId })).proxyUrl).toBe('socks5://first.example:1');
    await put({ defaultProxyUrl: null });
    expect((await credential(id, { attemptId })).proxyUrl).toBe('socks5://first.example:1');
    expect((await credential(id)).proxyUrl).toBeNull();
  });

  it('comes without one when the attempt began without one', async () => {
    const { id } = await add();
    const attemptId = await assign();
    await put({ defaultProxyUrl: 'socks5://later.example:1' });
    expect((await credential(id, { attemptId })).proxyUrl).toBeNull();
    expect((await credential(id)).proxyUrl).toBe('socks5://later.example:1');
  });

  it('comes with the proxy of an attempt that the previous release has opened', async () => {
    const account = newAccount();
    const { id } = await add({ proxyUrl: 'http://first.example:1' }, account);
    const attemptId = await assign();
    await stack.database.submitAttempt.update({ where: { id: attemptId }, data: { proxyPlace: null } });
    expect((await credential(id, { attemptId })).proxyUrl).toBe('http://first.example:1');
  });

  it('is not given out for a direct call when its proxy cannot be opened', async () => {
    const { id } = await add();
    await stack.database.sealedSetting.create({ data: { key: 'proxy.default', valueSealed: 'v1.nothing.of.ours' } });
    expect((await stack.call('POST', `/internal/tokens/${id}/credential`, { body: {} })).status).toBe(500);
  });
});

describe('calls about an account leave', () => {
  it('through the proxy of the installation, when it is added and when it is refreshed', async () => {
    const proxy = await open(startSocksProxy({ user: 'me', password: 'secret' }));
    await put({ defaultProxyUrl: proxy.url });
    const account = newAccount();
    stack.upstream.sessionTokens.set(`session-of-${account.email}`, account);
    const { id, inspected } = await add({ sessionToken: `session-of-${account.email}` }, account);
    expect({ inspected, users: new Set(proxy.log.map(({ user }) => user)) }).toEqual({
      inspected: true,
      users: new Set(['me']),
    });
    const fresh = await open(startHttpProxy());
    await put({ defaultProxyUrl: fresh.url });
    expect(await credential(id, { staleVersion: 1 })).toMatchObject({ version: 2, proxyUrl: fresh.url });
    expect(fresh.log).toMatchObject([{ target: new URL(stack.upstream.url).host }]);
  });

  it('through its own, also when a known account is added again without naming it', async () => {
    const [own, common] = [await open(startHttpProxy({ user: 'a' })), await open(startSocksProxy())];
    await put({ defaultProxyUrl: common.url });
    const account = newAccount();
    const { id } = await add({ proxyUrl: own.url }, account);
    expect(own.log.length).toBeGreaterThan(0);
    // Its connections would be used again; a dead proxy shows where the next call goes.
    await own.close();
    expect(await add({}, account)).toMatchObject({ id, inspected: false });
    expect(common.log).toEqual([]);
    expect(await stack.database.token.findUnique({ where: { id } })).toMatchObject({
      state: 'active',
      videoCoolingUntil: null,
    });
  });
});
