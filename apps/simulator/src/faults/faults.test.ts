import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const ME = '/backend/me';
const PENDING = '/backend/nf/pending/v2';

let simulator: RunningSimulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

function fault(rule: object) {
  return simulator.send<{ id: string }>('/_sim/faults', rule);
}

async function accepted(): Promise<number> {
  return (await simulator.call<{ accepted: number }>('/_sim/ledger')).json.accepted;
}

test.each([
  ['overload', 400, /heavy load/],
  ['token_invalidated', 401, /"token_invalidated"/],
  ['token_expired', 401, /"token_expired"/],
  ['unauthorized', 401, /"Unauthorized"/],
  ['rate_limited', 429, /"rate_limit_exceeded"/],
  ['cloudflare_403', 403, /Just a moment\.\.\./],
  ['cloudflare_429', 429, /Just a moment\.\.\./],
  ['country_block', 403, /"unsupported_country_code"/],
  ['server_error', 500, /"server_error"/],
  ['error_as_string', 400, /^{"error":"[^"]+"}$/],
  ['error_null', 400, /^{"error":null}$/],
  ['empty_200', 200, /^$/],
  ['not_json_200', 200, /^<!doctype html>/],
])('%s answers %i once, then all is well', async (kind, status, body) => {
  await fault({ kind, endpoint: 'me', count: 1 });
  const answer = await simulator.get(ME);
  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(body);
  expect((await simulator.get(ME)).status).toBe(200);
});

test('reset cuts the connection before anything is handled', async () => {
  await fault({ kind: 'reset', endpoint: 'create', count: 1 });
  await expect(simulator.create()).rejects.toThrow('fetch failed');
  expect(await accepted()).toBe(0);
});

test('reply_lost accepts the submit and cuts the connection', async () => {
  await fault({ kind: 'reply_lost', count: 1 });
  await expect(simulator.create()).rejects.toThrow('fetch failed');
  expect(await accepted()).toBe(1);
  expect((await simulator.get<unknown[]>(PENDING)).json).toHaveLength(1);
});

test('reply_lost leaves refusals alone and waits for a submit that is accepted', async () => {
  await fault({ kind: 'reply_lost', count: 1 });
  expect((await simulator.create({ ...plainBody, prompt: '' })).status).toBe(400);
  await expect(simulator.create()).rejects.toThrow('fetch failed');
});

test('reply_hangs accepts the submit and never answers', async () => {
  await fault({ kind: 'reply_hangs', count: 1 });
  const token = await simulator.accessToken();
  const sentinel = await simulator.sentinelHeader(token);
  const giveUp = new AbortController();
  const hanging = simulator.call('/backend/nf/create', {
    method: 'POST',
    signal: giveUp.signal,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'openai-sentinel-token': sentinel,
    },
    body: JSON.stringify(plainBody),
  });
  hanging.catch(() => {});
  while ((await accepted()) === 0) await new Promise((resolve) => setImmediate(resolve));
  giveUp.abort();
  await expect(hanging).rejects.toThrow('aborted');
});

test('slow answers rightly, later', async () => {
  await fault({ kind: 'slow', delayMs: 60, endpoint: 'me' });
  const start = performance.now();
  expect((await simulator.get(ME)).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThanOrEqual(55);
});

test.each([
  ['violation', { kind: 'sora_content_violation', url: null, reason_str: 'because' }],
  ['missing_urls', { kind: 'sora_draft', url: null, downloadable_url: null, reason_str: null }],
])('%s becomes a draft without a video', async (kind, draft) => {
  await fault({ kind, count: 1, ...(draft.reason_str && { reason: draft.reason_str }) });
  await simulator.create();
  simulator.clock.now += 10_000;
  expect((await simulator.drafts()).json.items).toMatchObject([draft]);
});

test('vanishing is pending and then in no list, unlisted is in none from the start', async () => {
  await simulator.create({ ...plainBody, prompt: '[sim:vanishing]' });
  await simulator.create({ ...plainBody, prompt: '[sim:unlisted]' });
  simulator.clock.now += 1_000;
  expect((await simulator.get<unknown[]>(PENDING)).json).toHaveLength(1);
  simulator.clock.now += 100_000;
  expect((await simulator.get(PENDING)).json).toEqual([]);
  expect((await simulator.drafts()).json.items).toEqual([]);
});

test('list_lag shows what was true a while ago', async () => {
  await fault({ kind: 'list_lag', lagMs: 5_000 });
  await simulator.create();
  simulator.clock.now += 4_999;
  expect((await simulator.get(PENDING)).json).toEqual([]);
  simulator.clock.now += 1;
  expect((await simulator.get(PENDING)).json).toMatchObject([{ status: 'queued' }]);
  simulator.clock.now += 6_599;
  expect((await simulator.drafts()).json.items).toEqual([]);
  simulator.clock.now += 1;
  expect((await simulator.drafts()).json.items).toHaveLength(1);
});

test('a fault for one account leaves the others alone', async () => {
  await fault({ kind: 'server_error', account: 'pro@simulator.test' });
  expect((await simulator.get(ME, 'pro@simulator.test')).status).toBe(500);
  expect((await simulator.get(ME)).status).toBe(200);
});

test('a fault for one account finds it by refresh token and by media link too', async () => {
  await simulator.create();
  simulator.clock.now += 10_000;
  const { url } = (await simulator.drafts()).json.items[0]!;
  await fault({ kind: 'server_error', endpoint: 'media', account: 'pro@simulator.test' });
  expect((await simulator.call(url ?? '')).status).toBe(200);
  await fault({ kind: 'server_error', endpoint: 'media', account: 'plus@simulator.test' });
  expect((await simulator.call(url ?? '')).status).toBe(500);
});

test('a probability is a share, and the same one for the same seed', async () => {
  await fault({ kind: 'server_error', endpoint: 'me', probability: 0.5 });
  const statuses = async () => {
    const seen: number[] = [];
    for (let k = 0; k < 40; k += 1) seen.push((await simulator.get(ME)).status);
    return seen;
  };
  const first = await statuses();
  expect(new Set(first)).toEqual(new Set([200, 500]));
  await simulator.close();
  simulator = await startSimulator();
  await fault({ kind: 'server_error', endpoint: 'me', probability: 0.5 });
  expect(await statuses()).toEqual(first);
});

test('faults are listed with how often they struck, and can be taken back', async () => {
  const { id } = (await fault({ kind: 'server_error', endpoint: 'me', count: 3 })).json;
  await fault({ kind: 'overload', endpoint: 'drafts' });
  await simulator.get(ME);
  expect((await simulator.call('/_sim/faults')).json).toMatchObject([
    { id, struck: 1, left: 2 },
    { struck: 0, left: null },
  ]);
  await simulator.call(`/_sim/faults/${id}`, { method: 'DELETE' });
  expect((await simulator.get(ME)).status).toBe(200);
  expect((await simulator.call('/_sim/faults', { method: 'DELETE' })).json).toEqual({ removed: 1 });
});

test.each([
  [{ kind: 'unheard-of' }],
  [{ kind: 'list_lag', endpoint: 'create' }],
  [{ kind: 'violation', endpoint: 'pending' }],
  [{ kind: 'overload', probability: 2 }],
  [{ kind: 'overload', times: 2 }],
])('refuses the rule %j', async (rule) => {
  expect((await fault(rule)).status).toBe(400);
});

test('the prompt can order a refusal or the loss of the reply', async () => {
  expect((await simulator.create({ ...plainBody, prompt: 'x [sim:overload]' })).status).toBe(400);
  expect((await simulator.create({ ...plainBody, prompt: 'x [sim:server-error]' })).status).toBe(500);
  expect(await accepted()).toBe(0);
  await expect(simulator.create({ ...plainBody, prompt: 'x [sim:reply-lost]' })).rejects.toThrow('fetch failed');
  expect(await accepted()).toBe(1);
});
