/** The calls about an account: who it is, what it may do, how it is let in, named and renewed. */
import type { SimulatedAccount } from '../support/simulator.js';
import { SoraDriver } from '../support/sora-driver.js';

let sora: SoraDriver;
beforeAll(async () => {
  sora = await SoraDriver.start('accounts');
});
afterAll(() => sora?.stop());
beforeEach(() => sora.reset());

const inspect = () => sora.provider.inspect(sora.context());
const statusesOf = async (endpoint: string) => (await sora.simulator.callsTo(endpoint)).map(({ status }) => status);

/** An account made for one test, which the calls are about from now on. */
async function useNew(fields: Record<string, unknown>): Promise<SimulatedAccount> {
  const { email } = await sora.simulator.post<SimulatedAccount>('accounts', { email: 'new@simulator.test', ...fields });
  return sora.use(email);
}

describe('an inspection', () => {
  test.each([
    ['free', 1_000],
    ['plus', 3_000],
    ['pro', 10_000],
  ])('says who it is and what it may do: %s', async (plan, remaining) => {
    const { email, username, accessToken } = await sora.use(`${plan}@simulator.test`);
    const inspection = await inspect();
    expect(inspection).toEqual({
      identity: email,
      label: `Simulated ${plan} <${email}>`,
      plan,
      subscriptionEndsAt: plan === 'free' ? null : expect.any(Number),
      sora2: true,
      remaining,
      resetsAt: expect.any(Number),
      username,
      expiresAt: expect.any(Number),
    });
    const day = 24 * 3_600_000;
    expect(inspection.resetsAt! - Date.now()).toBeGreaterThan(0);
    expect(inspection.resetsAt! - Date.now()).toBeLessThanOrEqual(day + 1_000);
    // Ten days; the same that the token says of itself.
    expect(Math.abs(inspection.expiresAt! - Date.now() - 10 * day)).toBeLessThan(60_000);
    expect(sora.provider.identify(accessToken)).toEqual({
      ...{ identity: email, expiresAt: inspection.expiresAt },
      issuedAt: expect.any(Number),
    });
  });

  test('counts down with every video', async () => {
    await useNew({ quota: { videos: 1, windowSeconds: 600 } });
    expect(await inspect()).toMatchObject({ remaining: 1 });
    await sora.simulator.post('tasks', {
      account: 'new@simulator.test',
      prompt: '[sim:queue=0ms][sim:render=0ms][sim:gap=0ms]',
    });
    expect(await inspect()).toMatchObject({ remaining: 0 });
  });

  test.each([0, 1])('passes on that %i is left and when there is more', async (remaining) => {
    await sora.simulator.fault({ kind: 'quota_exhausted', remaining, resetsInSeconds: 120 });
    const { resetsAt, ...rest } = await inspect();
    expect(rest.remaining).toBe(remaining);
    expect(Math.abs(resetsAt! - Date.now() - 120_000)).toBeLessThan(5_000);
  });

  test('of an account without Sora 2 says so and nothing more of it', async () => {
    await useNew({ sora2: 'none' });
    expect(await inspect()).toMatchObject({ plan: 'plus', sora2: false, remaining: null, resetsAt: null });
    expect(await statusesOf('check')).toEqual([]);
  });

  test('opens an account that was never opened in the app', async () => {
    const { email } = await useNew({ sora2: 'activatable' });
    expect(await inspect()).toMatchObject({ identity: email, sora2: true, remaining: 3_000 });
    expect(await statusesOf('invite')).toEqual([401, 200]);
    expect(await statusesOf('bootstrap')).toEqual([200]);
  });

  test.each([
    ['once', 1, true, [401, 200]],
    ['for good', undefined, false, [401, 401]],
  ])(
    'takes an unauthorized invitation for a closed account, and asks again only once: %s',
    async (_name, count, sora2, statuses) => {
      await sora.simulator.fault({ kind: 'invite_unauthorized', ...(count && { count }) });
      expect((await inspect()).sora2).toBe(sora2);
      expect(await statusesOf('invite')).toEqual(statuses);
      expect(await statusesOf('bootstrap')).toEqual([200]);
    },
  );

  test.each([
    ['subscriptions', { plan: null, sora2: true, remaining: 3_000 }],
    ['invite', { plan: 'plus', sora2: null, remaining: 3_000 }],
    ['check', { plan: 'plus', sora2: true, remaining: null, resetsAt: null }],
  ])('leaves open what %s does not answer', async (endpoint, expected) => {
    await sora.simulator.fault({ kind: 'server_error', endpoint });
    expect(await inspect()).toMatchObject(expected);
  });

  test.each([
    ['token_invalidated', 'me', 'credential_unavailable', 'credential_rejected'],
    ['token_expired', 'subscriptions', 'credential_unavailable', 'credential_rejected'],
    ['token_invalidated', 'invite', 'credential_unavailable', 'credential_rejected'],
    ['country_block', 'me', 'country_not_supported', 'cool_down'],
    ['country_block', 'invite', 'country_not_supported', 'cool_down'],
    ['server_error', 'me', 'upstream_unavailable', 'none'],
    ['cloudflare_403', 'me', 'upstream_unavailable', 'cool_down'],
  ])('fails by %s at %s', async (kind, endpoint, code, effect) => {
    await sora.simulator.fault({ kind, endpoint });
    await expect(inspect()).rejects.toMatchObject({ code, tokenEffect: { effect } });
  });

  test('of an account that is dead says that its credential is', async () => {
    await useNew({ isInvalidated: true });
    await expect(inspect()).rejects.toMatchObject({ tokenEffect: { effect: 'credential_rejected' } });
  });
});

describe('an invitation', () => {
  const accept = (code: string) => sora.provider.acceptInvite(code, sora.context());
  const inviteOf = async (email: string) => (await sora.use(email)).invites;

  test('lets an account in, and changes nothing the second time', async () => {
    const { code } = await inviteOf('plus@simulator.test');
    await useNew({ sora2: 'none' });
    expect(await accept(code)).toEqual({ alreadyAccepted: false });
    expect((await inspect()).sora2).toBe(true);
    expect(await accept(code)).toEqual({ alreadyAccepted: true });
    expect(await inviteOf('plus@simulator.test')).toMatchObject({ redeemed: 1 });
  });

  test.each(['unknown', 'used up', 'own'])(
    "that is no good is the mistake of who typed it, not the account's: %s",
    async (how) => {
      await useNew({ email: 'host@simulator.test', invites: { redeemed: 6, total: 6 } });
      const { code: usedUp } = await inviteOf('host@simulator.test');
      const { invites } = await useNew({ sora2: 'none' });
      const codes: Record<string, string> = { unknown: 'ABCDEFGH', 'used up': usedUp, own: invites.code };
      await expect(accept(codes[how]!)).rejects.toMatchObject({
        submitClass: 'refused',
        fault: 'client',
        tokenEffect: { effect: 'none' },
      });
      expect((await inspect()).sora2).toBe(false);
    },
  );
});

describe('a username', () => {
  const usernameNow = async () => (await sora.use('new@simulator.test')).username;

  test('is not given unless that is switched on', async () => {
    await useNew({ username: null });
    expect((await inspect()).username).toBeNull();
    expect(await statusesOf('username_check')).toEqual([]);
  });

  test('is given to an account that has none', async () => {
    sora.settings.claimUsername = 1;
    await useNew({ username: null });
    const { username } = await inspect();
    expect(username).toMatch(/^[a-z0-9]{3,30}$/);
    expect(await usernameNow()).toBe(username);
    expect(await statusesOf('username_set')).toEqual([200]);
    expect((await inspect()).username).toBe(username);
    expect(await statusesOf('username_set')).toEqual([200]);
  });

  test('that is there is left alone', async () => {
    sora.settings.claimUsername = 1;
    await useNew({ username: 'chosen.by.a.person' });
    expect((await inspect()).username).toBe('chosen.by.a.person');
    expect(await statusesOf('username_set')).toEqual([]);
  });

  test.each([
    ['the check says so', 'username_check', 2, [200, 200, 200], [200]],
    ['the setting says so', 'username_set', 1, [200, 200], [400, 200]],
  ])('that is taken is replaced by another: %s', async (_name, endpoint, count, checks, sets) => {
    sora.settings.claimUsername = 1;
    await useNew({ username: null });
    await sora.simulator.fault({ kind: 'username_taken', endpoint, count });
    const { username } = await inspect();
    expect(await usernameNow()).toBe(username);
    expect(await statusesOf('username_check')).toEqual(checks);
    expect(await statusesOf('username_set')).toEqual(sets);
  });

  test('is given up after five tries, and the rest of the inspection stands', async () => {
    sora.settings.claimUsername = 1;
    await useNew({ username: null });
    await sora.simulator.fault({ kind: 'username_taken' });
    expect(await inspect()).toMatchObject({ username: null, plan: 'plus', sora2: true, remaining: 3_000 });
    expect(await statusesOf('username_check')).toHaveLength(5);
    expect(await usernameNow()).toBeNull();
  });
});

describe('a new access token', () => {
  const refresh = (secrets: { sessionToken?: string; refreshToken?: string }) =>
    sora.provider.refresh(secrets, sora.context());
  const rejected = { submitClass: 'refused', tokenEffect: { effect: 'credential_rejected' } };

  async function worksNow(accessToken: string): Promise<void> {
    sora.account = { ...sora.account, accessToken };
    expect((await inspect()).identity).toBe(sora.account.email);
  }

  test('comes for the session token, as often as it is asked for', async () => {
    const { sessionToken, accessToken } = sora.account;
    const first = await refresh({ sessionToken });
    expect(first).toEqual({ accessToken: expect.any(String), expiresAt: expect.any(Number) });
    expect(first.accessToken).not.toBe(accessToken);
    await worksNow(first.accessToken);
    await worksNow((await refresh({ sessionToken })).accessToken);
  });

  test('comes for the refresh token, which is spent by it', async () => {
    const { refreshToken, email } = await useNew({ revokesFamilyOnReuse: false });
    const first = await refresh({ refreshToken });
    expect(first).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      expiresAt: sora.provider.identify(first.accessToken).expiresAt,
    });
    expect(first.refreshToken).not.toBe(refreshToken);
    expect((await sora.use(email)).refreshToken).toBe(first.refreshToken);
    await expect(refresh({ refreshToken })).rejects.toMatchObject(rejected);
    const second = await refresh({ refreshToken: first.refreshToken! });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    await worksNow(second.accessToken);
  });

  test('does not come for the successor of a refresh token that was used twice', async () => {
    const { refreshToken } = sora.account;
    const { refreshToken: successor } = await refresh({ refreshToken });
    await expect(refresh({ refreshToken })).rejects.toMatchObject(rejected);
    await expect(refresh({ refreshToken: successor! })).rejects.toMatchObject(rejected);
  });

  test('leaves a refresh token alone that does not rotate', async () => {
    const { refreshToken } = await useNew({ rotatesRefreshTokens: false });
    await refresh({ refreshToken });
    await expect(refresh({ refreshToken })).resolves.toMatchObject({ accessToken: expect.any(String) });
    await sora.simulator.fault({ kind: 'refresh_rotated', count: 1 });
    expect((await refresh({ refreshToken })).refreshToken).not.toBe(refreshToken);
    await sora.simulator.fault({ kind: 'refresh_token_missing', count: 1 });
    const { refreshToken: rotated } = await sora.use('new@simulator.test');
    expect(await refresh({ refreshToken: rotated })).not.toHaveProperty('refreshToken');
  });

  test.each(['session_empty', 'session_null', 'server_error', 'reset'])(
    'comes for the refresh token where the session does not help: %s',
    async (kind) => {
      const { sessionToken, refreshToken } = sora.account;
      await sora.simulator.fault({ kind, endpoint: 'session' });
      const { accessToken, refreshToken: successor } = await refresh({ sessionToken, refreshToken });
      expect(successor).not.toBe(refreshToken);
      await worksNow(accessToken);
    },
  );

  test('does not spend the refresh token where the session is good', async () => {
    const { sessionToken, refreshToken } = sora.account;
    await refresh({ sessionToken, refreshToken });
    expect(await statusesOf('oauth')).toEqual([]);
  });

  test.each([
    ['session_empty', 'session', rejected],
    ['session_null', 'session', rejected],
    ['server_error', 'session', { submitClass: 'not_sent' }],
  ])('does not come for a session alone: %s', async (kind, endpoint, expected) => {
    await sora.simulator.fault({ kind, endpoint });
    await expect(refresh({ sessionToken: sora.account.sessionToken })).rejects.toMatchObject(expected);
  });

  test.each([
    ['refresh_reuse_rejected', rejected],
    ['server_error', { submitClass: 'unknown' }],
    ['not_json_200', { submitClass: 'unknown' }],
    ['reset', { submitClass: 'unknown' }],
    ['reply_lost', { submitClass: 'unknown' }],
    ['cloudflare_403', { submitClass: 'not_sent' }],
    ['rate_limited', { submitClass: 'refused', tokenEffect: { effect: 'cool_down' } }],
  ])('does not come, and it is told whether the refresh token may be spent: %s', async (kind, expected) => {
    await sora.simulator.fault({ kind, endpoint: 'oauth', count: 1 });
    await expect(refresh({ refreshToken: sora.account.refreshToken })).rejects.toMatchObject(expected);
  });

  test('comes to nobody whose account is dead', async () => {
    const { sessionToken, refreshToken } = await useNew({ isInvalidated: true });
    await expect(refresh({ sessionToken, refreshToken })).rejects.toMatchObject(rejected);
    await expect(refresh({})).rejects.toMatchObject(rejected);
  });
});
