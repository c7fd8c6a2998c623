/** The Sora provider against the simulator, which shares no code with it: real HTTP client, real proof of work, real faults. */
import { randomUUID } from 'node:crypto';
import type { GenerationRequest } from '@reelay/contracts/generation-request';
import type { Operation, PollOutcome, SubmitContext } from '@reelay/contracts/provider';
import { simulatorTarget } from '@reelay/contracts/provider-declarations';
import { HttpClient } from '@reelay/platform/http-client';
import { createSolver } from '@reelay/pow/solver';
import { createProviders } from '@reelay/providers/registry';
import { waitFor } from '@reelay/testing/wait-for';
import { type SimulatedAccount, SimulatorProcess } from '../support/simulator.js';

const provider = createProviders().get('sora')!;
const solver = createSolver({ threads: 1 });
const http = new HttpClient();
let simulator: SimulatorProcess;
let account: SimulatedAccount;

beforeAll(async () => {
  simulator = await SimulatorProcess.start({ SIMULATOR_RENDER_MS: '400', SIMULATOR_SEED: 'provider' });
});
afterAll(async () => {
  await http.close();
  await solver.close();
  await simulator.stop();
});
beforeEach(async () => {
  await simulator.post('reset');
  await simulator.post('speed', { queueMs: 50, gapMs: 50, difficulty: '00ffff' });
  account = (await simulator.accounts()).find(({ plan }) => plan === 'chatgpt_plus')!;
});

function context(changes: Partial<SubmitContext> = {}): SubmitContext {
  return {
    fetch: http.createFetch(),
    target: simulatorTarget(simulator.url),
    credential: { tokenId: '01KCXVNG92FVKA5X9R15F3ATGD', accessToken: account.accessToken, version: 1 },
    signal: new AbortController().signal,
    now: Date.now,
    random: Math.random,
    uuid: randomUUID,
    solver,
    settings: { draftsPage: 5, draftsPages: 20 },
    beforeSend: async () => ({ commitStartedAt: performance.now(), freshMs: 5_000 }),
    submitTimeoutMs: 3_000,
    ...changes,
  };
}

const request = (prompt: string, changes: Partial<GenerationRequest> = {}): GenerationRequest => ({
  kind: 'video',
  model: 'sora2-portrait-15s',
  prompt,
  orientation: 'portrait',
  seconds: 15,
  frames: 450,
  upstream: { model: 'sy_8', size: 'small' },
  ...changes,
});

const submit = (prompt: string, changes?: Partial<SubmitContext>) =>
  provider.submit(request(prompt), null, context(changes));
const pollOne = async (operation: Operation) => (await provider.poll([operation], context())).get(operation.id)!;

async function ended(operation: Operation): Promise<PollOutcome> {
  let outcome = await pollOne(operation);
  const hasEnded = async () => {
    outcome = await pollOne(operation);
    return outcome.state !== 'pending';
  };
  await waitFor(hasEnded, { timeoutMs: 10_000 });
  return outcome;
}

test('a prompt becomes a video: submit, progress, media', async () => {
  const operation = await submit('a fox in the rain');
  const [accepted] = await simulator.submits();
  expect(accepted).toMatchObject({ taskId: operation.id, account: account.email, prompt: 'a fox in the rain' });
  expect(accepted?.body).toMatchObject({ orientation: 'portrait', n_frames: 450, model: 'sy_8', style_id: null });

  expect(await pollOne(operation)).toMatchObject({ state: 'pending', progress: expect.any(Number) });
  const outcome = await ended(operation);
  if (outcome.state !== 'done') throw new Error(`expected a video, got ${JSON.stringify(outcome)}`);
  const media = await fetch(outcome.media[0]?.url ?? '');
  expect(Buffer.from(await media.arrayBuffer()).toString('latin1', 4, 8)).toBe('ftyp');

  const [fresh] = await provider.media(outcome.operation, context());
  expect(new URL(fresh?.url ?? '').host).toBe(new URL(simulator.url).host);
});

test('an account keeps its user agent from one submit to the next', async () => {
  await submit('one');
  await submit('two');
  expect(new Set((await simulator.submits()).map(({ userAgent }) => userAgent)).size).toBe(1);
});

test('a refused content ends the task', async () => {
  const operation = await submit('[sim:violation] no');
  expect(await ended(operation)).toMatchObject({ state: 'refused', error: { code: 'content_policy_violation' } });
});

test('more finished tasks than a page holds are all found in one round', async () => {
  const operations: Operation[] = [];
  for (let index = 0; index < 12; index += 1) operations.push(await submit(`page ${index}`));
  await waitFor(
    async () => [...(await provider.poll(operations, context())).values()].every(({ state }) => state === 'done'),
    { timeoutMs: 10_000 },
  );
  const listing = await provider.list(undefined, context());
  expect(listing).toMatchObject({ pending: [], complete: true });
  expect(new Set(listing.finished)).toEqual(new Set(operations.map(({ id }) => id)));
  const { finished, older = [] } = await provider.list(new Set([operations[9]!.id]), context());
  expect(finished.at(-1)).toBe(operations[9]!.id);
  expect([...finished, ...older]).toHaveLength(5);
});

test.each([
  ['overload', 'create', 'refused', 'upstream', 'none'],
  ['token_invalidated', 'create', 'refused', 'token', 'credential_rejected'],
  ['rate_limited', 'create', 'refused', 'token', 'cool_down'],
  ['country_block', 'create', 'refused', 'proxy', 'cool_down'],
  ['cloudflare_403', 'create', 'not_sent', 'proxy', 'cool_down'],
  ['cloudflare_429', 'create', 'not_sent', 'proxy', 'cool_down'],
  ['server_error', 'create', 'unknown', 'upstream', 'none'],
  ['empty_200', 'create', 'unknown', 'upstream', 'none'],
  ['not_json_200', 'create', 'unknown', 'upstream', 'none'],
  ['reset', 'create', 'unknown', 'upstream', 'none'],
  ['server_error', 'sentinel', 'not_sent', 'upstream', 'none'],
  ['not_json_200', 'sentinel', 'not_sent', 'upstream', 'none'],
  ['reset', 'sentinel', 'not_sent', 'upstream', 'none'],
])('%s at %s is %s', async (kind, endpoint, submitClass, fault, effect) => {
  await simulator.post('faults', { kind, endpoint, count: 1 });
  await expect(submit('a fault')).rejects.toMatchObject({ submitClass, fault, tokenEffect: { effect } });
  expect(await simulator.submits()).toEqual([]);
  await expect(submit('and after it')).resolves.toMatchObject({ id: expect.any(String) });
});

test.each(['reply-lost', 'reply-hangs'])(
  'a submit that was accepted without an answer is unknown, and the lists find it: %s',
  async (marker) => {
    const before = await provider.list(undefined, context());
    await expect(submit(`[sim:${marker}] lost`, { submitTimeoutMs: 300 })).rejects.toMatchObject({
      submitClass: 'unknown',
    });
    const [accepted] = await simulator.submits();
    const after = await provider.list(new Set(before.finished), context());
    expect(after.complete).toBe(true);
    expect([...after.pending, ...after.finished]).toEqual([accepted?.taskId]);
  },
);

test('nothing is accepted when the commit before the paid request fails', async () => {
  const beforeSend = () => Promise.reject(new Error('cancelled meanwhile'));
  await expect(submit('never', { beforeSend })).rejects.toMatchObject({ submitClass: 'not_sent' });
  expect(await simulator.submits()).toEqual([]);
});

test('an account is inspected, and renewed by session token and by a refresh token that rotates', async () => {
  expect(await provider.inspect(context())).toMatchObject({
    identity: account.email,
    plan: 'plus',
    sora2: true,
    remaining: expect.any(Number),
    expiresAt: expect.any(Number),
  });
  const bySession = await provider.refresh({ sessionToken: account.sessionToken }, context());
  expect(bySession).toEqual({ accessToken: expect.any(String), expiresAt: expect.any(Number) });

  const { refreshToken } = account;
  const byRefresh = await provider.refresh({ refreshToken }, context());
  expect(byRefresh.refreshToken).not.toBe(refreshToken);
  await expect(provider.refresh({ refreshToken }, context())).rejects.toMatchObject({
    submitClass: 'refused',
    tokenEffect: { effect: 'credential_rejected' },
  });
  account = { ...account, accessToken: byRefresh.accessToken };
  await expect(provider.inspect(context())).resolves.toMatchObject({ identity: account.email });
});

test('an account that was never opened in the app is activated by inspecting it', async () => {
  const added = await simulator.post<SimulatedAccount>('accounts', {
    email: 'new@simulator.test',
    sora2: 'activatable',
  });
  account = added;
  expect(await provider.inspect(context())).toMatchObject({ identity: 'new@simulator.test', sora2: true });
});
