import { type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const EMAIL = 'plus@simulator.test';
const INVITE = '/backend/project_y/invite/mine';
const CHECK = '/backend/nf/check';
const USERNAME = '/backend/project_y/profile/username';

let simulator: RunningSimulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

function fault(rule: object) {
  return simulator.send('/_sim/faults', rule);
}

async function secrets(): Promise<{ sessionToken: string; refreshToken: string }> {
  const { json } =
    await simulator.call<{ email: string; sessionToken: string; refreshToken: string }[]>('/_sim/accounts');
  return json.find(({ email }) => email === EMAIL)!;
}

async function session() {
  const cookie = `__Secure-next-auth.session-token=${(await secrets()).sessionToken}`;
  return simulator.call('/api/auth/session', { headers: { cookie } });
}

async function refresh() {
  return simulator.send('/oauth/token', {
    client_id: 'app_LlGpXReQgckcGGUo2JrYvtJK',
    grant_type: 'refresh_token',
    redirect_uri: 'com.openai.chat://auth0.openai.com/ios/com.openai.chat/callback',
    refresh_token: (await secrets()).refreshToken,
  });
}

test('invite_unauthorized sends a client to the activation, after which all is well', async () => {
  await fault({ kind: 'invite_unauthorized', count: 1, account: EMAIL });
  expect(await simulator.get(INVITE)).toMatchObject({ status: 401, json: { error: { message: 'Unauthorized' } } });
  expect((await simulator.get('/backend/m/bootstrap')).status).toBe(200);
  expect((await simulator.get(INVITE)).status).toBe(200);
});

test('the session endpoint can answer with an empty object or with null', async () => {
  await fault([
    { kind: 'session_empty', count: 1, account: EMAIL },
    { kind: 'session_null', count: 1, account: EMAIL },
  ]);
  expect(await session()).toMatchObject({ status: 200, text: '{}' });
  expect(await session()).toMatchObject({ status: 200, text: 'null' });
  expect(await session()).toMatchObject({ status: 200, json: { accessToken: expect.any(String) } });
});

test('refresh_reuse_rejected refuses a token that stays good', async () => {
  await fault({ kind: 'refresh_reuse_rejected', count: 1, account: EMAIL });
  expect(await refresh()).toMatchObject({ status: 401, json: { error: { code: 'refresh_token_reused' } } });
  expect(await refresh()).toMatchObject({ status: 200, json: { refresh_token: expect.any(String) } });
});

test('username_taken strikes the check, the setting and the name of a character', async () => {
  const headers = { authorization: `Bearer ${await simulator.accessToken()}` };
  const ask = (action: string) => simulator.send(`${USERNAME}/${action}`, { username: 'jane.doe7' }, headers);
  for (const endpoint of ['username_check', 'username_set', 'finalize']) {
    await fault({ kind: 'username_taken', endpoint, count: 1 });
  }
  expect(await ask('check')).toMatchObject({ status: 200, json: { available: false } });
  expect(await ask('check')).toMatchObject({ status: 200, json: { available: true } });
  const taken = { status: 400, json: { error: { code: 'username_not_available' } } };
  expect(await ask('set')).toMatchObject(taken);
  expect(await ask('set')).toMatchObject({ status: 200, json: { username: 'jane.doe7' } });
  expect(await simulator.send('/backend/characters/finalize', {}, headers)).toMatchObject(taken);
});

test.each([
  [{}, { estimated_num_videos_remaining: 0, rate_limit_reached: true }],
  [{ remaining: 1 }, { estimated_num_videos_remaining: 1, rate_limit_reached: false }],
  [
    { remaining: 1, resetsInSeconds: 90 },
    { estimated_num_videos_remaining: 1, rate_limit_reached: false, access_resets_in_seconds: 90 },
  ],
])('quota_exhausted with %j tells %j', async (options, balance) => {
  await fault({ kind: 'quota_exhausted', count: 1, ...options });
  expect((await simulator.get(CHECK)).json).toEqual({ rate_limit_and_credit_balance: balance });
  expect((await simulator.get(CHECK)).json).toMatchObject({
    rate_limit_and_credit_balance: { estimated_num_videos_remaining: 3_000 },
  });
});

test('an error that is a string says what it is told, with the status it is told', async () => {
  await fault({ kind: 'error_as_string', endpoint: 'me', status: 503, reason: 'nope', count: 1 });
  expect(await simulator.get('/backend/me')).toMatchObject({ status: 503, json: { error: 'nope' } });
});

test('a fault for one account does not strike a newer sentinel request, which names none', async () => {
  await fault({ kind: 'server_error', endpoint: 'sentinel', account: EMAIL });
  await expect(simulator.newerSentinelHeader()).resolves.toContain('sora_2_create_task__auto');
  await expect(simulator.sentinelHeader(await simulator.accessToken())).rejects.toThrow();
});
