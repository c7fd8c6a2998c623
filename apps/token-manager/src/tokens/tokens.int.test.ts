import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { listLaneStates } from '@reelay/db/lanes/list-lane-states';
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
function newAccount(plan = 'chatgpt_plus') {
  accounts += 1;
  return { email: `person-${accounts}@example.com`, plan };
}

const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });
const lane = async () => (await listLaneStates(stack.database)).find((state) => state.lane === 'sora:video:any:sora2');
const postToken = (body: object) =>
  stack.call<ErrorBody>('POST', '/internal/tokens', { body: { target: 'simulator', ...body } });

describe('adding an account', () => {
  it('asks the upstream who it is, and the gateway knows of it when the answer comes', async () => {
    const account = { ...newAccount('chatgpt_pro'), remaining: 7 };
    const before = (await lane())?.tokens ?? 0;
    const accessToken = stack.upstream.mint(account);
    const added = await stack.add({ accessToken, label: 'mine', videoLimit: 2 });
    expect(added).toMatchObject({
      ...{ created: true, inspected: true, provider: 'sora', target: 'simulator', label: 'mine', plan: 'pro' },
      ...{ sora2: true, remaining: 7, imageLimit: 1, videoLimit: 2, usedSlots: 0, state: 'active', stateReason: null },
      ...{ accessTokenHint: accessToken.slice(-4), expiresAt: expect.any(String) },
    });
    expect(await lane()).toMatchObject({ tokens: before + 1, simulated: before + 1 });
    expect((await stack.list()).map(({ id }) => id)).toContain(added.id);
  });

  it('takes the same account once, also when many add it at the same time', async () => {
    const account = newAccount();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => stack.add({ accessToken: stack.upstream.mint(account) })),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect((await rowOf(answers[0]!.id)).credentialVersion).toBe(10);
  });

  it('gives a known account its new credential and leaves what was not said', async () => {
    const account = newAccount();
    const first = await stack
      .add({ accessToken: stack.upstream.mint(account), videoLimit: 5, proxyUrl: 'http://127.0.0.1:9' })
      .catch(() => undefined);
    expect(first).toMatchObject({ created: true, inspected: false });
    const accessToken = stack.upstream.mint(account);
    await stack.database.token.update({ where: { id: first!.id }, data: { proxySealed: null } });
    const again = await stack.add({ accessToken, label: 'renamed' });
    expect(again).toMatchObject({ id: first!.id, created: false, inspected: true, label: 'renamed', videoLimit: 5 });
    const credential = await stack.call('POST', `/internal/tokens/${again.id}/credential`, { body: {} });
    expect(credential.body).toMatchObject({ accessToken, version: 2, target: 'simulator', proxyUrl: null });
  });

  it('brings back an account that needed attention, and never one that a person disabled', async () => {
    const account = newAccount();
    const { id } = await stack.add({ accessToken: stack.upstream.mint(account) });
    const setState = (state: string) =>
      stack.database.token.update({ where: { id }, data: { state, stateReason: 'because' } });
    await setState('needs_attention');
    expect(await stack.add({ accessToken: stack.upstream.mint(account) })).toMatchObject({
      state: 'active',
      stateReason: null,
    });
    await setState('disabled');
    expect(await stack.add({ accessToken: stack.upstream.mint(account) })).toMatchObject({
      ...{ id, state: 'disabled', stateReason: 'because' },
    });
  });

  it('goes by the access token itself while the upstream is out of reach, and a timer asks later', async () => {
    const account = newAccount();
    stack.upstream.failures.set('/backend/me', 'hang up');
    const added = await stack.add({ accessToken: stack.upstream.mint(account) });
    expect(added).toMatchObject({ created: true, inspected: false, label: account.email, plan: null });
    expect((await rowOf(added.id)).identity).toBe(account.email);
    stack.upstream.failures.clear();
    expect(await stack.add({ accessToken: stack.upstream.mint(account) })).toMatchObject({
      id: added.id,
      inspected: true,
    });
  });

  it('refuses an access token that the upstream refuses, and keeps the credential that is there', async () => {
    const account = newAccount();
    const { id } = await stack.add({ accessToken: stack.upstream.mint(account) });
    const dead = stack.upstream.mint(account);
    stack.upstream.accessTokens.delete(dead);
    expect(await postToken({ accessToken: dead })).toMatchObject({
      status: 400,
      body: {
        error: { code: 'invalid_value', param: 'accessToken', message: expect.stringContaining('does not accept') },
      },
    });
    expect((await rowOf(id)).credentialVersion).toBe(1);
  });

  it('replaces a dead access token at once when it can', async () => {
    const account = newAccount('chatgpt_pro');
    const dead = stack.upstream.mint(account, -60_000);
    stack.upstream.accessTokens.delete(dead);
    stack.upstream.sessionTokens.set('session-at-adding', account);
    const added = await stack.add({ accessToken: dead, sessionToken: 'session-at-adding' });
    expect(added).toMatchObject({ created: true, inspected: true, plan: 'pro', state: 'active' });
    expect(added.accessTokenHint).not.toBe(dead.slice(-4));
  });

  it('refuses what names nobody', async () => {
    stack.upstream.failures.set('/backend/me', { status: 503 });
    expect(await postToken({ accessToken: 'not-a-jwt-at-all-but-long' })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_value', param: 'accessToken' } },
    });
  });

  it('says at once that the country is not served', async () => {
    const error = { code: 'unsupported_country_code', message: 'no', param: 'CN', type: 'request_forbidden' };
    stack.upstream.failures.set('/backend/project_y/invite/mine', { status: 403, body: { error } });
    expect(await postToken({ accessToken: stack.upstream.mint(newAccount()) })).toMatchObject({
      status: 502,
      body: { error: { code: 'country_not_supported', message: expect.stringContaining('proxy') } },
    });
  });
});

describe('secrets', () => {
  it('are sealed at rest, and stand in no answer and no log line', async () => {
    const account = newAccount();
    const accessToken = stack.upstream.mint(account);
    const secrets = [
      'canary-session-4711',
      'canary-refresh-4711',
      'canary-proxy-password-4711',
      accessToken,
      'canary-next-4711',
    ];
    const [sessionToken, refreshToken, password] = secrets;
    stack.upstream.sessionTokens.set('canary-session-4711', account);
    const added = await stack.add({
      ...{ accessToken, sessionToken, refreshToken },
      proxyUrl: `http://user:${password}@127.0.0.1:9`,
    });
    const dumps = [await dumpDatabase()];
    expect(await rowOf(added.id)).toMatchObject({ proxySealed: expect.stringMatching(/^v1\./) });
    await stack.database.token.update({ where: { id: added.id }, data: { proxySealed: null } });
    // Every kind of call: refused, refreshed, listed.
    await stack.call('POST', `/internal/tokens/${added.id}/credential`, { body: { staleVersion: 1 } });
    const { body: credential } = await stack.call<{ accessToken: string }>(
      'POST',
      `/internal/tokens/${added.id}/credential`,
      { body: {} },
    );
    secrets.push(credential.accessToken);
    const answers = JSON.stringify([added, await stack.list()]);
    // Calls to the upstream are recorded beside the work.
    await waitFor(async () => (await stack.database.upstreamCall.count({ where: { operation: 'refresh' } })) > 0, {
      timeoutMs: 20_000,
    });
    dumps.push(await dumpDatabase());
    const dump = dumps.join('\n');
    expect(dump).toContain(added.id);
    const queued = await dumpRedis();
    for (const secret of secrets) {
      for (const [place, text] of Object.entries({ answers, dump, queued, log: stack.lines.join('') })) {
        expect({ place, holds: text.includes(secret) }).toEqual({ place, holds: false });
      }
    }
  });

  async function dumpDatabase(): Promise<string> {
    const tables = await stack.database.$queryRaw<{ name: string }[]>`
      SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`;
    const dumps = await Promise.all(
      tables.map(
        ({ name }) => stack.database.$queryRaw<{ text: string }[]>`
        SELECT query_to_xml(format('SELECT * FROM %I', ${name}::text), true, false, '')::text AS text`,
      ),
    );
    return dumps
      .flat()
      .map(({ text }) => text)
      .join('\n');
  }

  async function dumpRedis(): Promise<string> {
    const { client, prefix } = stack.redis;
    const keys = await client.keys(`${prefix}*`);
    const values = await Promise.all(
      keys.map(async (key) => {
        const type = await client.type(key);
        if (type === 'hash') return client.hgetall(key);
        if (type === 'stream') return client.xrange(key, '-', '+');
        if (type === 'list') return client.lrange(key, 0, -1);
        return type === 'zset' ? client.zrange(key, '0', '-1') : client.get(key);
      }),
    );
    return JSON.stringify([keys, values]);
  }
});

describe('deleting an account', () => {
  it('hides it, and its credential is given out until its last attempt is closed, then erased', async () => {
    const { id } = await stack.add({ accessToken: stack.upstream.mint(newAccount()) });
    const work = await insertAssigned(stack.database, { tokenId: id });
    expect(await stack.call('DELETE', `/internal/tokens/${id}`)).toMatchObject({
      status: 200,
      body: { id, deleted: true },
    });
    expect((await stack.list()).map((token) => token.id)).not.toContain(id);
    expect(await stack.call('DELETE', `/internal/tokens/${id}`)).toMatchObject({ status: 404 });
    const credential = () => stack.call('POST', `/internal/tokens/${id}/credential`, { body: {} });
    expect(await credential()).toMatchObject({ status: 200, body: { version: 1 } });
    await stack.database.submitAttempt.update({
      where: { id: work.attemptId },
      data: { state: 'not_sent', closedAt: new Date() },
    });
    expect(await credential()).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    await waitFor(async () => (await rowOf(id)).accessTokenSealed === '', { timeoutMs: 20_000 });
    expect(await rowOf(id)).toMatchObject({ sessionTokenSealed: null, refreshTokenSealed: null, proxySealed: null });
  });

  it('and adding it again takes up the same row with what it still renders', async () => {
    const account = newAccount();
    const { id } = await stack.add({ accessToken: stack.upstream.mint(account), videoLimit: 4 });
    await insertAssigned(stack.database, { tokenId: id });
    await stack.call('DELETE', `/internal/tokens/${id}`);
    expect(await stack.add({ accessToken: stack.upstream.mint(account) })).toMatchObject({
      ...{ id, created: true, usedSlots: 1, state: 'active' },
    });
  });
});

describe('the inspection timer', () => {
  it('asks about accounts that were never inspected', async () => {
    const account = newAccount('chatgpt_pro');
    stack.upstream.failures.set('/backend/me', { status: 500 });
    const { id } = await stack.add({ accessToken: stack.upstream.mint(account) });
    stack.upstream.failures.clear();
    // The manager may have failed to inspect it once and leaves it alone then; another one knows nothing of that.
    const manager = await stack.start();
    await waitFor(async () => (await rowOf(id)).plan === 'pro', { timeoutMs: 20_000 });
    expect(await rowOf(id)).toMatchObject({ sora2: true, remaining: 30, inspectedAt: expect.any(Date) });
    await stack.stop(manager);
  });
});
