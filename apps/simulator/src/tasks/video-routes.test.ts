import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const PENDING = '/backend/nf/pending/v2';

let simulator: RunningSimulator;

beforeEach(async () => {
  simulator = await startSimulator();
});

afterEach(() => simulator.close());

test('a video goes from the queue through rendering into the drafts', async () => {
  const { json, status } = await simulator.create();
  expect(status).toBe(200);
  const { id } = json;
  expect(id).toMatch(/^task_[0-9a-z]{26}$/);
  expect((await simulator.get(PENDING)).json).toEqual([{ id, progress_pct: null, status: 'queued' }]);
  simulator.clock.now += 3_300;
  expect((await simulator.get(PENDING)).json).toEqual([{ id, progress_pct: 0.5, status: 'processing' }]);
  simulator.clock.now += 3_100;
  expect((await simulator.get(PENDING)).json).toEqual([]);
  expect((await simulator.drafts('?limit=15')).json).toEqual({ items: [], cursor: null });
  simulator.clock.now += 500;
  const { items } = (await simulator.drafts('?limit=15')).json;
  expect(items).toEqual([
    {
      id: expect.stringMatching(/^gen_[0-9a-z]{26}$/),
      task_id: id,
      kind: 'sora_draft',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/file\/gen_\w+\.mp4\?exp=\d+&sig=/),
      downloadable_url: items[0]?.url,
      reason_str: null,
      markdown_reason_str: null,
    },
  ]);
});

test('what is accepted stands in the log, once', async () => {
  const { id } = (await simulator.create()).json;
  const lines = simulator.logged.filter(({ message }) => message === 'submit accepted');
  expect(lines).toEqual([{ message: 'submit accepted', fields: expect.objectContaining({ taskId: id }) }]);
});

test('nobody sees the tasks of another account', async () => {
  await simulator.create();
  expect((await simulator.get(PENDING, 'pro@simulator.test')).json).toEqual([]);
});

test('pages of drafts follow one another without gap or repetition while new ones come in front', async () => {
  const made: string[] = [];
  for (let k = 0; k < 7; k += 1) {
    made.push((await simulator.create({ ...plainBody, prompt: `Number ${k}` })).json.id);
    simulator.clock.now += 1_000;
  }
  simulator.clock.now += 10_000;
  const first = (await simulator.drafts('?limit=3')).json;
  await simulator.create({ ...plainBody, prompt: 'Comes in front' });
  simulator.clock.now += 10_000;
  const second = (await simulator.drafts(`?limit=3&cursor=${first.cursor}`)).json;
  const third = (await simulator.drafts(`?limit=3&cursor=${second.cursor}`)).json;
  const seen = [first, second, third].flatMap(({ items }) => items.map((item) => item.task_id));
  expect(seen).toEqual(made.reverse());
  expect(third.cursor).toBeNull();
});

test('the task that finished last stands first, though it was not created last', async () => {
  const slow = (await simulator.create({ ...plainBody, prompt: 'Slow [sim:render=60s]' })).json.id;
  const fast = (await simulator.create()).json.id;
  simulator.clock.now += 100_000;
  const { items } = (await simulator.drafts()).json;
  expect(items.map((item) => item.task_id)).toEqual([slow, fast]);
});

test.each(['?limit=0', '?limit=many', '?cursor=nonsense'])('refuses the query %s', async (query) => {
  expect((await simulator.drafts(query)).status).toBe(400);
});

test('refuses a create call without a sentinel token, and one with a used token', async () => {
  const token = await simulator.accessToken();
  const authorization = `Bearer ${token}`;
  const path = '/backend/nf/create';
  const bare = await simulator.send(path, plainBody, { authorization });
  expect(bare).toMatchObject({ status: 400, json: { error: { code: 'sentinel_refused' } } });
  const headers = { authorization, 'openai-sentinel-token': await simulator.sentinelHeader(token) };
  expect((await simulator.send(path, plainBody, headers)).status).toBe(200);
  const replayed = await simulator.send(path, plainBody, headers);
  expect(replayed).toMatchObject({ status: 400, json: { error: { message: expect.stringContaining('used before') } } });
});

test('refuses a body with a key too many, by name', async () => {
  const { status, json } = await simulator.create({ ...plainBody, seconds: 10 });
  expect(status).toBe(400);
  expect(json).toMatchObject({ error: { code: 'unknown_parameter', param: 'seconds' } });
});

test('only a Pro account may use the large model or make 25 seconds', async () => {
  const large = { ...plainBody, model: 'sy_ore', size: 'large' };
  expect(await simulator.create(large)).toMatchObject({ status: 403, json: { error: { code: 'plan_not_allowed' } } });
  expect((await simulator.create({ ...plainBody, n_frames: 750 })).status).toBe(403);
  expect((await simulator.create(large, 'pro@simulator.test')).status).toBe(200);
});

test('an account with a limit refuses one task more than that', async () => {
  await simulator.send('/_sim/accounts/plus@simulator.test', { concurrencyLimit: 2 }, {}, 'PATCH');
  expect((await simulator.create()).status).toBe(200);
  expect((await simulator.create()).status).toBe(200);
  const refused = await simulator.create();
  expect(refused).toMatchObject({ status: 429, json: { error: { code: 'too_many_concurrent_tasks' } } });
  simulator.clock.now += 10_000;
  expect((await simulator.create()).status).toBe(200);
});

test('a finished video is counted against the quota, until the window ends', async () => {
  const quota = { videos: 1, windowSeconds: 3_600 };
  await simulator.send('/_sim/accounts/plus@simulator.test', { quota }, {}, 'PATCH');
  const balance = async () => (await simulator.get('/backend/nf/check')).json;
  expect((await simulator.create()).status).toBe(200);
  expect(await balance()).toMatchObject({ rate_limit_and_credit_balance: { estimated_num_videos_remaining: 1 } });
  simulator.clock.now += 10_000;
  expect(await balance()).toEqual({
    rate_limit_and_credit_balance: {
      estimated_num_videos_remaining: 0,
      rate_limit_reached: true,
      access_resets_in_seconds: 3_590,
    },
  });
  const refused = await simulator.create();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('3590');
  simulator.clock.now += 3_590_000;
  expect((await simulator.create()).status).toBe(200);
});
