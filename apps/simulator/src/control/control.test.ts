import { plainBody, type RunningSimulator, START, startSimulator } from '../testing/start-simulator.js';

const EMAIL = 'plus@simulator.test';

let simulator: RunningSimulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

async function ledger(query = '') {
  return (await simulator.call<{ submits: { taskId: string }[] }>(`/_sim/ledger${query}`)).json;
}

test('the ledger tells of every accepted submit what arrived and from whom', async () => {
  const { id } = (await simulator.create()).json;
  const { submits } = await ledger();
  expect(submits).toEqual([
    expect.objectContaining({
      taskId: id,
      account: EMAIL,
      kind: 'video',
      model: 'sy_8',
      prompt: plainBody.prompt,
      at: START,
      body: plainBody,
      source: '127.0.0.1',
      origin: 'client',
      phase: 'queued',
      sentinelId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
    }),
  ]);
});

test('the ledger shows what was accepted twice, and how often who was refused', async () => {
  const first = (await simulator.create()).json.id;
  const second = (await simulator.create(plainBody, 'pro@simulator.test')).json.id;
  await simulator.create({ ...plainBody, prompt: 'Another' });
  await simulator.create({ ...plainBody, n_frames: 1 });
  expect(await ledger()).toMatchObject({
    accepted: 3,
    duplicates: [{ prompt: plainBody.prompt, taskIds: [first, second], accounts: [EMAIL, 'pro@simulator.test'] }],
    calls: { create: 4, sentinel: 4 },
    refusals: { 'create invalid_value': 1 },
  });
});

test('the ledger knows how many tasks an account had at once, at every instant', async () => {
  for (const pause of [1_000, 10_000, 0]) {
    await simulator.create({ ...plainBody, prompt: `Before ${pause}` });
    simulator.clock.now += pause;
  }
  expect(await ledger()).toMatchObject({ concurrency: { [EMAIL]: { now: 1, most: 2, mostAt: START + 1_000 } } });
  expect((await simulator.call(`/_sim/concurrency?account=${EMAIL}`)).json).toEqual({
    steps: [
      { at: START, open: 1 },
      { at: START + 1_000, open: 2 },
      { at: START + 6_600, open: 1 },
      { at: START + 7_600, open: 0 },
      { at: START + 11_000, open: 1 },
      { at: START + 17_600, open: 0 },
    ],
  });
});

test('the ledger can be asked about one account and from a time on', async () => {
  await simulator.create();
  simulator.clock.now += 1_000;
  const { id } = (await simulator.create(plainBody, 'pro@simulator.test')).json;
  expect((await ledger('?account=pro@simulator.test')).submits).toMatchObject([{ taskId: id }]);
  expect((await ledger(`?since=${START + 1}`)).submits).toMatchObject([{ taskId: id }]);
});

test('a new speed counts for the tasks that come, not for those that are there', async () => {
  await simulator.create();
  const speed = await simulator.send('/_sim/speed', { renderMs: 60_000, queueMs: 0, progressSteps: 100 });
  expect(speed).toMatchObject({ status: 200, json: { renderMs: 60_000, gapMs: 300 } });
  await simulator.create();
  simulator.clock.now += 6_000;
  expect((await simulator.get('/backend/nf/pending/v2')).json).toMatchObject([
    { progress_pct: 0.1 },
    { progress_pct: 0.95 },
  ]);
});

test('the difficulty can be raised and the proof be waived', async () => {
  await simulator.send('/_sim/speed', { difficulty: '00ffff' });
  expect((await simulator.create()).status).toBe(200);
  await simulator.send('/_sim/speed', { proofRequired: false });
  expect((await simulator.create()).status).toBe(200);
});

test.each([{ renderMs: -1 }, { difficulty: 'fff' }, { difficulty: 'zz' }, { progressSteps: 0 }, { renderSeconds: 1 }])(
  'refuses the speed %j',
  async (speed) => {
    expect((await simulator.send('/_sim/speed', speed)).status).toBe(400);
  },
);

test('a task of a person stands in the lists, and the ledger tells it from a submit of a client', async () => {
  const made = await simulator.send('/_sim/tasks', { account: EMAIL, prompt: 'By hand' });
  expect(made.status).toBe(201);
  expect((await simulator.get('/backend/nf/pending/v2')).json).toHaveLength(1);
  expect((await ledger()).submits).toMatchObject([{ origin: 'person', prompt: 'By hand', sentinelId: null }]);
  expect((await simulator.send('/_sim/tasks', { account: 'nobody@simulator.test' })).status).toBe(404);
});

test('says that it is well', async () => {
  expect((await simulator.call('/_sim/health')).json).toEqual({ status: 'ok', upSeconds: 0, accepted: 0 });
});

test('answers unknown addresses and broken bodies in the form of the upstream', async () => {
  expect(await simulator.call('/backend/nothing')).toMatchObject({
    status: 404,
    json: { error: { code: 'not_found' } },
  });
  const broken = await simulator.call('/oauth/token', {
    method: 'POST',
    body: '{',
    headers: { 'content-type': 'application/json' },
  });
  expect(broken).toMatchObject({ status: 400, json: { error: { code: 'invalid_request' } } });
});
