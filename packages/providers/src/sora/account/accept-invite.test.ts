import { createContext, tokenId } from '../__fixtures__/contexts.js';
import { parseRecorded } from '../__fixtures__/recorded.js';
import { ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { pickClientProfile } from '../sentinel/client-profile.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const errors = parseRecorded<Record<string, unknown>>('errors.json');
const route = 'POST /backend/project_y/invite/accept';
const bootstrap = 'GET /backend/m/bootstrap';
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on(route, { body: { success: true, already_accepted: false } }).on(bootstrap, { body: {} });
});
afterEach(() => upstream.close());

const accept = () => provider.acceptInvite('ABC123', createContext(upstream.url));

test('sends the code as a browser that has been there before', async () => {
  expect(await accept()).toEqual({ alreadyAccepted: false });
  expect(upstream.requests).toHaveLength(1);
  const { body, headers } = upstream.requests[0]!;
  expect(body).toBe('{"invite_code":"ABC123"}');
  expect(headers).toMatchObject({
    authorization: 'Bearer access-token-of-ada',
    cookie: `oai-did=${pickClientProfile(tokenId).deviceId}`,
  });
  expect(headers.cookie).toMatch(/=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a second time changes nothing', async () => {
  upstream.on(route, { body: { success: true, already_accepted: true } });
  expect(await accept()).toEqual({ alreadyAccepted: true });
});

test('opens an account that was never activated and asks again', async () => {
  upstream.on(route, { status: 401, body: errors.unauthorized }, { body: { success: true } });
  expect(await accept()).toEqual({ alreadyAccepted: false });
  expect(upstream.log).toEqual([route, bootstrap, route]);
});

test.each([
  ['a code that is wrong', { status: 400, body: errors.invalid }, 'refused', 'client', 'none'],
  ['a no', { body: { success: false } }, 'refused', 'client', 'none'],
  ['an account that is not eligible', { status: 403, body: errors.plan }, 'refused', 'token', 'cool_down'],
  ['a dead credential', { status: 401, body: errors.tokenInvalidated }, 'refused', 'token', 'credential_rejected'],
  ['an empty answer', { body: '' }, 'not_sent', 'upstream', 'none'],
  ['a reset', 'reset' as const, 'not_sent', 'upstream', 'none'],
])('%s is told as what it is', async (_name, answer, submitClass, fault, effect) => {
  upstream.on(route, answer);
  await expect(accept()).rejects.toMatchObject({ submitClass, fault, tokenEffect: { effect } });
});
