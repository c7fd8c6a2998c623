import { createContext, nowMs, tokenId } from '../__fixtures__/contexts.js';
import { parseRecorded, readRecorded } from '../__fixtures__/recorded.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from '../sentinel/client-profile.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const account = parseRecorded<Record<'me' | 'subscriptions' | 'invite' | 'check', unknown>>('account.json');
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const routes = {
  me: 'GET /backend/me',
  subscriptions: 'GET /backend/billing/subscriptions',
  invite: 'GET /backend/project_y/invite/mine',
  bootstrap: 'GET /backend/m/bootstrap',
  check: 'GET /backend/nf/check',
  session: 'GET /api/auth/session',
  oauth: 'POST /oauth/token',
};
const mintToken = (claims: object) =>
  ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
const expiresAt = nowMs + 86_400_000;
const accessToken = mintToken({
  exp: expiresAt / 1_000,
  'https://api.openai.com/profile': { email: 'jwt@example.org' },
});

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  for (const name of ['me', 'subscriptions', 'invite', 'check'] as const) {
    upstream.on(routes[name], { body: account[name] });
  }
  upstream.on(routes.bootstrap, { body: {} });
});
afterEach(() => upstream.close());

const context = (token = accessToken) =>
  createContext(upstream.url, { credential: { tokenId, accessToken: token, version: 1 } });

describe('inspect', () => {
  const inspect = (token?: string) => provider.inspect(context(token));

  test('says who the account is, its plan, Sora 2, what is left and when the token expires', async () => {
    expect(await inspect()).toEqual({
      identity: 'jwt@example.org',
      label: 'Ada <Ada@Example.org>',
      plan: 'plus',
      sora2: true,
      remaining: 27,
      resetsAt: nowMs + 3_600_000,
      username: null,
      subscriptionEndsAt: Date.UTC(2026, 11, 1),
      expiresAt,
    });
    expect(upstream.log).toEqual([routes.me, routes.subscriptions, routes.invite, routes.check]);
  });

  test('sends to each call what its own client sends', async () => {
    await inspect();
    const [me, subscriptions, invite, check] = upstream.requests.map(({ headers }) => headers);
    for (const headers of [me, subscriptions, invite, check]) {
      expect(headers?.authorization).toBe(`Bearer ${accessToken}`);
      expect(headers).not.toHaveProperty('cookie');
    }
    expect(me).toMatchObject({ accept: 'application/json', origin: 'https://sora.chatgpt.com' });
    expect(subscriptions).not.toHaveProperty('accept');
    expect(invite).toMatchObject({ accept: 'application/json' });
    expect(check).toMatchObject({ accept: 'application/json' });
  });

  test('keeps to one pair of user agents', async () => {
    await inspect();
    const { appUserAgent, desktopUserAgent } = pickClientProfile(tokenId);
    expect(upstream.requests.map((request) => request.headers['user-agent'])).toEqual([
      desktopUserAgent,
      desktopUserAgent,
      desktopUserAgent,
      appUserAgent,
    ]);
  });

  test('takes the e-mail from the token when the upstream names none', async () => {
    upstream.on(routes.me, { body: { email: null, name: null } });
    expect(await inspect()).toMatchObject({ identity: 'jwt@example.org', label: 'jwt@example.org' });
  });

  test('takes the identity from the upstream when the token names none', async () => {
    expect(await inspect('opaque')).toMatchObject({ identity: 'ada@example.org', expiresAt: null });
  });

  test('refuses an account nobody can name', async () => {
    upstream.on(routes.me, { body: {} });
    await expect(inspect('not-a-jwt')).rejects.toMatchObject({ submitClass: 'refused', fault: 'token' });
  });

  test.each([
    ['chatgpt_free', 'free'],
    ['chatgpt_team', 'team'],
    ['chatgpt_pro', 'pro'],
    ['chatgpt_something_new', null],
  ])('reads plan %s as %s', async (id, plan) => {
    upstream.on(routes.subscriptions, { body: { data: [{ plan: { id } }] } });
    expect(await inspect()).toMatchObject({ plan });
  });

  test.each(['soon', 7, null])('leaves the end of a subscription open that is told as %j', async (end) => {
    upstream.on(routes.subscriptions, { body: { data: [{ plan: { id: 'chatgpt_pro' }, end_ts: end }] } });
    expect(await inspect()).toMatchObject({ plan: 'pro', subscriptionEndsAt: null });
  });

  test.each([{ body: { data: [] } }, { body: {} }, { status: 500 }, { body: '' }, 'reset' as const])(
    'leaves the plan open when subscriptions answer %j',
    async (answer) => {
      upstream.on(routes.subscriptions, answer);
      expect(await inspect()).toMatchObject({ plan: null, sora2: true });
    },
  );

  test('opens an account that was never activated and asks again', async () => {
    upstream.on(routes.invite, { status: 401, body: errors.unauthorized }, { body: account.invite });
    expect(await inspect()).toMatchObject({ sora2: true });
    expect(upstream.log).toEqual([
      routes.me,
      routes.subscriptions,
      routes.invite,
      routes.bootstrap,
      routes.invite,
      routes.check,
    ]);
  });

  test.each([
    ['no: still not activated', [{ status: 401, body: errors.unauthorized }], false],
    ['no: refused', [{ status: 403, body: errors.invalid }], false],
    ['unknown: out of order', [{ status: 500 }], null],
    ['unknown: rate limit', [{ status: 429 }], null],
    ['unknown: a page of somebody else', [{ body: '<html></html>' }], null],
    ['unknown: an empty answer', [{ body: '' }], null],
  ])('Sora 2 is %s', async (_name, answers, sora2) => {
    upstream.on(routes.invite, ...answers);
    expect(await inspect()).toMatchObject({ sora2 });
  });

  test('asks for no quota of an account without Sora 2', async () => {
    upstream.on(routes.invite, { status: 404, body: '{}' });
    expect(await inspect()).toMatchObject({ sora2: false, remaining: null, resetsAt: null });
    expect(upstream.log).not.toContain(routes.check);
  });

  test.each([{ status: 500 }, { body: {} }])('leaves the quota open when it is answered %j', async (answer) => {
    upstream.on(routes.check, answer);
    expect(await inspect()).toMatchObject({ remaining: null, resetsAt: null });
  });

  test.each([
    [3e9, 90, 2_147_483_647, nowMs + 90_000],
    [2.5, 0.5, 2, nowMs + 500],
    [-1, -1, 0, null],
    [null, 1e300, null, null],
  ])('stores no quota of %p in %p s that a database would not take', async (videos, seconds, remaining, resetsAt) => {
    const balance = { estimated_num_videos_remaining: videos, access_resets_in_seconds: seconds };
    upstream.on(routes.check, { body: { rate_limit_and_credit_balance: balance } });
    expect(await inspect()).toMatchObject({ remaining, resetsAt });
  });

  test('reads a reached limit without a number as nothing left', async () => {
    upstream.on(routes.check, { body: { rate_limit_and_credit_balance: { rate_limit_reached: true } } });
    expect(await inspect()).toMatchObject({ remaining: 0, resetsAt: null });
  });

  test.each(['me', 'subscriptions', 'invite', 'check'] as const)(
    'tells a dead credential wherever it shows: %s (fault 10)',
    async (name) => {
      upstream.on(routes[name], { status: 401, body: errors.tokenInvalidated });
      await expect(inspect()).rejects.toMatchObject({
        submitClass: 'refused',
        fault: 'token',
        tokenEffect: { effect: 'credential_rejected' },
      });
    },
  );

  test('tells an unsupported country', async () => {
    upstream.on(routes.invite, { status: 403, body: errors.country });
    await expect(inspect()).rejects.toMatchObject({ code: 'country_not_supported', fault: 'proxy' });
  });

  test.each([{ status: 500 }, { body: '' }, { status: 403, body: readRecorded('challenge.html') }, 'reset' as const])(
    'says nothing about an account whose owner cannot be read: %j',
    async (answer) => {
      upstream.on(routes.me, answer);
      await expect(inspect()).rejects.toMatchObject({ submitClass: 'not_sent' });
    },
  );
});

describe('identify', () => {
  test('reads what the token says of itself, the identity as inspect gives it', async () => {
    const identified = provider.identify(accessToken);
    expect(identified).toEqual({ identity: 'jwt@example.org', issuedAt: null, expiresAt });
    const { identity } = identified;
    expect(await provider.inspect(context())).toMatchObject({ identity, expiresAt });
    const issued = provider.identify(mintToken({ iat: 1_700_000_000 }));
    expect(issued).toEqual({ identity: null, issuedAt: 1_700_000_000_000, expiresAt: null });
    expect(upstream.log).toContain(routes.me);
  });

  test.each([
    '',
    'opaque',
    'a.b.c',
    '..',
    mintToken({}),
    mintToken({ exp: 'x' }),
    mintToken({ exp: 1e300 }),
    'a.bnVsbA.c',
  ])('%j names nobody', (token) => {
    expect(provider.identify(token)).toEqual({ identity: null, issuedAt: null, expiresAt: null });
  });
});

describe('refresh', () => {
  const refresh = (secrets: Parameters<SoraProvider['refresh']>[0]) => provider.refresh(secrets, context('expired'));
  const both = { sessionToken: 'session-secret', refreshToken: 'refresh-secret' };

  test('asks the session endpoint with its cookie and nothing else that is secret', async () => {
    upstream.on(routes.session, { body: { accessToken, user: { email: 'x' }, expires: '2026-03-01T00:00:00Z' } });
    expect(await refresh(both)).toEqual({ accessToken, expiresAt });
    expect(upstream.requests).toHaveLength(1);
    const { headers } = upstream.requests[0]!;
    expect(headers.cookie).toBe('__Secure-next-auth.session-token=session-secret');
    expect(headers.authorization).toBeUndefined();
  });

  test('exchanges the refresh token with exactly these fields and takes the rotated one', async () => {
    upstream.on(routes.oauth, { body: { access_token: 'opaque', refresh_token: 'rotated', expires_in: 864_000 } });
    expect(await refresh({ refreshToken: 'refresh-secret' })).toEqual({
      accessToken: 'opaque',
      refreshToken: 'rotated',
      expiresAt: nowMs + 864_000_000,
    });
    expect(upstream.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': pickClientProfile(tokenId).desktopUserAgent,
    });
    expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(upstream.requests[0]?.body).toBe(
      '{"client_id":"app_LlGpXReQgckcGGUo2JrYvtJK","grant_type":"refresh_token",' +
        '"redirect_uri":"com.openai.chat://auth0.openai.com/ios/com.openai.chat/callback","refresh_token":"refresh-secret"}',
    );
  });

  test('names the given client and keeps the refresh token when none comes back', async () => {
    upstream.on(routes.oauth, { body: { access_token: accessToken } });
    expect(await refresh({ refreshToken: 'r', clientId: 'app_other' })).toEqual({ accessToken, expiresAt });
    expect(JSON.parse(upstream.requests[0]?.body ?? '{}').client_id).toBe('app_other');
  });

  test.each([{ body: {} }, { body: 'null' }, { status: 401 }, { status: 500 }, { body: '' }])(
    'goes on to the refresh token when the session endpoint answers %j',
    async (answer) => {
      upstream.on(routes.session, answer).on(routes.oauth, { body: { access_token: accessToken } });
      expect(await refresh(both)).toMatchObject({ accessToken });
      expect(upstream.log).toEqual([routes.session, routes.oauth]);
    },
  );

  test.each([
    ['the session is signed out', { sessionToken: 's' }, { body: {} }, 'refused', 'credential_rejected'],
    ['the session endpoint is out of order', { sessionToken: 's' }, { status: 502 }, 'not_sent', 'none'],
    [
      'the refresh token was used before',
      { refreshToken: 'r' },
      { status: 400, body: errors.refreshTokenReused },
      'refused',
      'credential_rejected',
    ],
    ['the answer with the new refresh token is lost', { refreshToken: 'r' }, 'reset' as const, 'unknown', 'none'],
    ['the answer with the new refresh token is cut', { refreshToken: 'r' }, { body: '{"access_' }, 'unknown', 'none'],
    ['the exchange fails inside', { refreshToken: 'r' }, { status: 500 }, 'unknown', 'none'],
  ])('when %s', async (_name, secrets, answer, submitClass, effect) => {
    upstream.on(routes.session, answer).on(routes.oauth, answer);
    await expect(refresh(secrets)).rejects.toMatchObject({ submitClass, tokenEffect: { effect } });
  });

  test('does not give a session up for a dead refresh token when it could only not be asked', async () => {
    upstream.on(routes.oauth, { status: 400, body: errors.refreshTokenReused });
    upstream.on(routes.session, { status: 502 });
    await expect(refresh(both)).rejects.toMatchObject({ submitClass: 'not_sent', tokenEffect: { effect: 'none' } });
    upstream.on(routes.session, { body: {} });
    await expect(refresh(both)).rejects.toMatchObject({ tokenEffect: { effect: 'credential_rejected' } });
  });

  test('needs a secret to begin with', async () => {
    await expect(refresh({})).rejects.toMatchObject({ tokenEffect: { effect: 'credential_rejected' } });
    expect(upstream.log).toEqual([]);
  });

  test.each([
    { error: 'invalid_grant', error_description: 'The refresh token refresh-secret is unknown.' },
    { error: { message: `${'x'.repeat(290)} refresh-secret` } },
    { error: 'refresh-secret' },
  ])('puts no secret into an error, although the upstream repeats it: %j', async (body) => {
    upstream.on(routes.oauth, { status: 400, body });
    const error = await refresh({ refreshToken: 'refresh-secret' }).catch((reason: Error) => reason);
    expect(String(error)).toContain('POST oauth/token answered 400');
    expect(JSON.stringify(error) + String(error)).not.toContain('refresh-');
  });

  test('puts no session token into an error either', async () => {
    upstream.on(routes.session, { status: 500, body: { error: { message: 'session-secret is odd' } } });
    await expect(refresh({ sessionToken: 'session-secret' })).rejects.toMatchObject({
      message: expect.stringContaining('[hidden] is odd'),
    });
  });
});
