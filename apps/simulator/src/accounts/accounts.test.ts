import { type RunningSimulator, START, startSimulator } from '../testing/start-simulator.js';

const EMAIL = 'plus@simulator.test';
const ACCOUNT = `/_sim/accounts/${EMAIL}`;
const INVITE = '/backend/project_y/invite/mine';

interface AccountView {
  email: string;
  plan: string;
  accessToken: string;
  sessionToken: string;
  refreshToken: string;
  invites: { code: string; redeemed: number; total: number };
}

let simulator: RunningSimulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

async function view(email = EMAIL): Promise<AccountView> {
  const { json } = await simulator.call<AccountView[]>('/_sim/accounts');
  return json.find((account) => account.email === email)!;
}

function change(changes: object, account = ACCOUNT) {
  return simulator.send(account, changes, {}, 'PATCH');
}

function bearer(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}

function refresh(token: string) {
  return simulator.send<{ access_token: string; refresh_token: string; expires_in: number }>('/oauth/token', {
    client_id: 'app_LlGpXReQgckcGGUo2JrYvtJK',
    grant_type: 'refresh_token',
    redirect_uri: 'com.openai.chat://auth0.openai.com/ios/com.openai.chat/callback',
    refresh_token: token,
  });
}

test('three accounts of three plans are there from the start', async () => {
  const { json } = await simulator.call<AccountView[]>('/_sim/accounts');
  expect(json.map(({ plan }) => plan)).toEqual(['chatgpt_free', 'chatgpt_plus', 'chatgpt_pro']);
});

test('an access token says in three parts whose it is and when it ends', async () => {
  const { accessToken } = await view();
  const parts = accessToken.split('.');
  expect(parts).toHaveLength(3);
  const claims = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString());
  expect(claims).toMatchObject({ iat: START / 1000, exp: START / 1000 + 864_000 });
  expect(claims['https://api.openai.com/profile'].email).toBe(EMAIL);
});

test('tokens of one start are good after the next, without a state folder too', async () => {
  const { accessToken, refreshToken, sessionToken } = await view();
  const next = (await refresh(refreshToken)).json.refresh_token;
  await simulator.close();
  simulator = await startSimulator({ seed: 'another' });
  expect((await simulator.call('/backend/me', bearer(accessToken))).status).toBe(200);
  expect((await refresh(next)).status).toBe(200);
  expect((await view()).sessionToken).toBe(sessionToken);
});

test('me, subscriptions and invite describe the account', async () => {
  expect((await simulator.get('/backend/me')).json).toMatchObject({
    email: EMAIL,
    name: 'Simulated plus',
    username: 'sim.plus',
  });
  expect((await simulator.get('/backend/billing/subscriptions')).json).toEqual({
    data: [{ plan: { id: 'chatgpt_plus', title: 'ChatGPT Plus' }, end_ts: '2026-07-01T00:00:00.000Z' }],
  });
  expect((await simulator.get(INVITE)).json).toMatchObject({ redeemed_count: 0, total_count: 6 });
});

test.each([
  ['no token', undefined, 'unauthorized'],
  ['a foreign token', 'Bearer a.b.c', 'token_invalidated'],
])('%s is a 401 %s', async (_, authorization, code) => {
  const answer = await simulator.call('/backend/me', { headers: authorization ? { authorization } : {} });
  expect(answer).toMatchObject({ status: 401, json: { error: { code } } });
});

test('an expired token is told from a revoked one, and a refresh mends both', async () => {
  const { accessToken, refreshToken } = await view();
  simulator.clock.now += 864_000_000;
  const me = (token: string) => simulator.call('/backend/me', bearer(token));
  expect(await me(accessToken)).toMatchObject({ status: 401, json: { error: { code: 'token_expired' } } });
  const renewed = (await refresh(refreshToken)).json;
  expect((await me(renewed.access_token)).status).toBe(200);
  await change({ revokeAccessTokens: true });
  expect(await me(renewed.access_token)).toMatchObject({ status: 401, json: { error: { code: 'token_invalidated' } } });
  expect((await me((await refresh(renewed.refresh_token)).json.access_token)).status).toBe(200);
});

test('access tokens can be given a shorter life', async () => {
  const before = await view();
  await change({ accessTokenSeconds: 60 });
  const { accessToken } = await view();
  expect(accessToken).not.toBe(before.accessToken);
  simulator.clock.now += 60_000;
  const me = await simulator.call('/backend/me', bearer(accessToken));
  expect(me).toMatchObject({ status: 401, json: { error: { code: 'token_expired' } } });
  expect((await refresh(before.refreshToken)).json).toMatchObject({ expires_in: 60 });
});

test('a refresh token is good once, and its second use is named', async () => {
  const { refreshToken } = await view();
  const { json } = await refresh(refreshToken);
  expect(json).toMatchObject({ expires_in: 864_000, access_token: expect.any(String) });
  expect(json.refresh_token).not.toBe(refreshToken);
  await change({ revokesFamilyOnReuse: false });
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, json: { error: { code: 'refresh_token_reused' } } });
  expect((await view()).refreshToken).toBe(json.refresh_token);
  expect((await refresh(json.refresh_token)).status).toBe(200);
});

test('the second use of a refresh token costs its whole family; who signs in again begins another', async () => {
  const { refreshToken } = await view();
  const good = (await refresh(refreshToken)).json.refresh_token;
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, json: { error: { code: 'refresh_token_reused' } } });
  const revoked = { status: 401, json: { error: { code: 'refresh_token_invalidated' } } };
  expect(await refresh(good)).toMatchObject(revoked);
  const anew = (await view()).refreshToken;
  expect(await refresh(refreshToken)).toMatchObject(revoked);
  expect((await refresh(anew)).status).toBe(200);
});

test('a fault rotates the refresh token of an account that keeps it, or names none', async () => {
  await change({ rotatesRefreshTokens: false });
  const { refreshToken } = await view();
  await simulator.send('/_sim/faults', [
    { kind: 'refresh_token_missing', count: 1 },
    { kind: 'refresh_rotated', count: 1 },
  ]);
  expect((await refresh(refreshToken)).json).not.toHaveProperty('refresh_token');
  const rotated = (await refresh(refreshToken)).json.refresh_token;
  expect(rotated).not.toBe(refreshToken);
  expect((await refresh(rotated)).json.refresh_token).toBe(rotated);
});

test('without rotation a refresh token stays', async () => {
  await change({ rotatesRefreshTokens: false });
  const { refreshToken } = await view();
  expect((await refresh(refreshToken)).json.refresh_token).toBe(refreshToken);
  expect((await refresh(refreshToken)).status).toBe(200);
});

test('the session cookie gives an access token; a wrong one gives an empty object', async () => {
  const { sessionToken } = await view();
  const session = (cookie: string) => {
    return simulator.call<{ accessToken: string }>('/api/auth/session', { headers: { cookie } });
  };
  const { json } = await session(`oai-did=1; __Secure-next-auth.session-token=${sessionToken}`);
  expect(json).toMatchObject({ user: { email: EMAIL }, accessToken: expect.any(String), expires: expect.any(String) });
  expect((await simulator.call('/backend/me', bearer(json.accessToken))).status).toBe(200);
  expect((await session(`__Secure-next-auth.session-token=${sessionToken}x`)).json).toEqual({});
});

test('an invalidated account gets nothing, by no way', async () => {
  const { accessToken, refreshToken } = await view();
  await change({ isInvalidated: true });
  expect((await simulator.call('/backend/me', bearer(accessToken))).status).toBe(401);
  expect(await refresh(refreshToken)).toMatchObject({ status: 401, json: { error: { code: 'invalid_grant' } } });
});

test('an account of a blocked country is told so', async () => {
  await change({ isCountryBlocked: true });
  const answer = await simulator.get(INVITE);
  expect(answer).toMatchObject({ status: 403, json: { error: { code: 'unsupported_country_code' } } });
});

test('Sora 2 is activated by the bootstrap call where it can be', async () => {
  await change({ sora2: 'activatable' });
  expect(await simulator.get(INVITE)).toMatchObject({ status: 401, json: { error: { message: 'Unauthorized' } } });
  expect((await simulator.get('/backend/m/bootstrap')).status).toBe(200);
  expect((await simulator.get(INVITE)).status).toBe(200);
  await change({ sora2: 'none' });
  expect((await simulator.get('/backend/m/bootstrap')).status).toBe(403);
  expect((await simulator.create()).status).toBe(401);
});

describe('an invite code', () => {
  const accept = async (code: string) => {
    const headers = { authorization: `Bearer ${(await view()).accessToken}`, cookie: 'oai-did=1' };
    return simulator.send('/backend/project_y/invite/accept', { invite_code: code }, headers);
  };

  test('lets an account in that has no Sora 2, and counts for its owner', async () => {
    await change({ sora2: 'none' });
    const { code } = (await view('pro@simulator.test')).invites;
    expect((await accept(code)).json).toEqual({ success: true, already_accepted: false });
    expect((await simulator.get(INVITE)).status).toBe(200);
    const owner = await simulator.get(INVITE, 'pro@simulator.test');
    expect(owner.json).toEqual({ invite_code: code, redeemed_count: 1, total_count: 6 });
    expect((await accept('whatever')).json).toEqual({ success: true, already_accepted: true });
    expect((await view('pro@simulator.test')).invites.redeemed).toBe(1);
  });

  test('of nobody, of oneself, or used up lets nobody in', async () => {
    await change({ sora2: 'none' });
    await change({ invites: { redeemed: 2, total: 2 } }, '/_sim/accounts/pro@simulator.test');
    const usedUp = (await view('pro@simulator.test')).invites.code;
    const own = (await view()).invites.code;
    expect(own).not.toBe(usedUp);
    expect(await accept('nobody')).toMatchObject({ status: 400, json: { error: { code: 'invalid_invite_code' } } });
    expect(await accept(own)).toMatchObject({ status: 400, json: { error: { code: 'invalid_invite_code' } } });
    expect(await accept(usedUp)).toMatchObject({ status: 400, json: { error: { code: 'invite_code_used_up' } } });
    expect((await simulator.get(INVITE)).status).toBe(401);
  });
});

test('without a username an account says null until one is set', async () => {
  await change({ username: null });
  expect((await simulator.get('/backend/me')).json).toMatchObject({ username: null });
  const headers = { authorization: `Bearer ${(await view()).accessToken}` };
  await simulator.send('/backend/project_y/profile/username/set', { username: 'jane.doe12' }, headers);
  expect((await simulator.get('/backend/me')).json).toMatchObject({ username: 'jane.doe12' });
});

test('the quota of a window is told with the time until the next', async () => {
  await change({ quota: { videos: 2, windowSeconds: 3_600 } });
  await simulator.create();
  simulator.clock.now += 60_000;
  const balance = async () => {
    const { json } = await simulator.get<{ rate_limit_and_credit_balance: object }>('/backend/nf/check');
    return json.rate_limit_and_credit_balance;
  };
  expect(await balance()).toEqual({
    estimated_num_videos_remaining: 1,
    rate_limit_reached: false,
    access_resets_in_seconds: 3_540,
  });
  simulator.clock.now += 3_540_000;
  expect(await balance()).toMatchObject({ estimated_num_videos_remaining: 2, access_resets_in_seconds: 3_600 });
});

test('a username can be taken by one account only', async () => {
  const path = '/backend/project_y/profile/username';
  const headers = { authorization: `Bearer ${(await view()).accessToken}` };
  const ask = (action: string, username: string) => simulator.send(`${path}/${action}`, { username }, headers);
  expect((await ask('check', 'sim.pro')).json).toEqual({ available: false });
  expect((await ask('set', 'sim.pro')).status).toBe(400);
  expect((await ask('check', 'No Spaces')).json).toEqual({ available: false });
  expect((await ask('check', 'jane.doe')).json).toEqual({ available: true });
  expect((await ask('set', 'jane.doe')).json).toMatchObject({ username: 'jane.doe' });
  expect((await simulator.get('/backend/me')).json).toMatchObject({ username: 'jane.doe' });
});

test('more accounts can be made, each once', async () => {
  const made = await simulator.send('/_sim/accounts', {
    email: 'new@simulator.test',
    plan: 'chatgpt_pro',
    username: null,
  });
  expect(made).toMatchObject({ status: 201, json: { plan: 'chatgpt_pro', username: null } });
  expect((await simulator.send('/_sim/accounts', { email: 'new@simulator.test' })).status).toBe(409);
  expect((await simulator.send('/_sim/accounts', {})).status).toBe(201);
  expect((await simulator.get('/backend/me', 'new@simulator.test')).status).toBe(200);
});
