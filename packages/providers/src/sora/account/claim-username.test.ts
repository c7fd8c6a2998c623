import { createContext, tokenId } from '../__fixtures__/contexts.js';
import { parseRecorded } from '../__fixtures__/recorded.js';
import { type ScriptedAnswer, ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from '../sentinel/client-profile.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const account = parseRecorded<Record<'me' | 'subscriptions' | 'invite' | 'check', object>>('account.json');
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const me = 'GET /backend/me';
const check = 'POST /backend/project_y/profile/username/check';
const set = 'POST /backend/project_y/profile/username/set';
const invite = 'GET /backend/project_y/invite/mine';

let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream
    .on(me, { body: account.me })
    .on('GET /backend/billing/subscriptions', { body: account.subscriptions })
    .on(invite, { body: account.invite })
    .on('GET /backend/nf/check', { body: account.check })
    .on(check, { body: { available: true } })
    .on(set, ({ body }) => ({ body: JSON.parse(body) }));
});
afterEach(() => upstream.close());

let chance = 0;
const inspect = (claimUsername = 1) =>
  provider.inspect(
    createContext(upstream.url, {
      settings: { claimUsername },
      random: () => {
        chance = (chance + 0.381_966) % 1;
        return chance;
      },
    }),
  );
const tries = () => upstream.log.filter((route) => route === check || route === set);

test('an account without a name is given one of letters and digits that is free', async () => {
  const { username } = await inspect();
  expect(username).toMatch(/^[a-z]{8}[1-9]\d{3}$/);
  expect(tries()).toEqual([check, set]);
  for (const { body, headers } of upstream.requests.filter(({ method }) => method === 'POST')) {
    expect(body).toBe(JSON.stringify({ username }));
    expect(headers).toMatchObject({
      authorization: 'Bearer access-token-of-ada',
      'content-type': 'application/json',
      'user-agent': pickClientProfile(tokenId).desktopUserAgent,
    });
  }
});

test('only where the operator asks for it', async () => {
  expect(await inspect(0)).toMatchObject({ username: null });
  expect(tries()).toEqual([]);
});

test('a name that is there is told, and never replaced', async () => {
  upstream.on(me, { body: { ...account.me, username: 'ada' } });
  expect(await inspect()).toMatchObject({ username: 'ada' });
  // It may also have come with the activation, between the first look and the claim.
  upstream.on(me, { body: account.me }, { body: { ...account.me, username: 'ada.l' } });
  expect(await inspect()).toMatchObject({ username: 'ada.l' });
  expect(tries()).toEqual([]);
});

test('an account without Sora 2 is given none', async () => {
  upstream.on(invite, { status: 403, body: errors.plan });
  expect(await inspect()).toMatchObject({ sora2: false, username: null });
  expect(tries()).toEqual([]);
});

test('another one is tried where one is taken, five at most', async () => {
  upstream.on(check, { body: { available: false } });
  expect(await inspect()).toMatchObject({ username: null });
  const names = upstream.requestsTo('/backend/project_y/profile/username/check').map(({ body }) => body);
  expect(new Set(names).size).toBe(5);
});

test('another one is tried where it was taken between check and set', async () => {
  upstream.on(set, { status: 400, body: errors.username }, { body: {} });
  expect((await inspect()).username).toBeTruthy();
  expect(tries()).toEqual([check, set, check, set]);
});

test.each<ScriptedAnswer>([{ status: 500 }, { body: {} }, { body: '' }, { status: 404, body: '{}' }, 'reset'])(
  'the account is inspected all the same when no name can be had: %j',
  async (answer) => {
    upstream.on(check, answer);
    expect(await inspect()).toMatchObject({ plan: 'plus', sora2: true, remaining: 27, username: null });
  },
);

test('a dead credential is told here, too', async () => {
  upstream.on(check, { status: 401, body: errors.tokenInvalidated });
  await expect(inspect()).rejects.toMatchObject({ tokenEffect: { effect: 'credential_rejected' } });
});
