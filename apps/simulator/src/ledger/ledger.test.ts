import { type Client, clientOf, imageBody, PLUS, PRO, remixBody } from '../testing/client.js';
import { plainBody, type RunningSimulator, START, startSimulator } from '../testing/start-simulator.js';

const PROMPT_ENHANCEMENT = { prompt: 'A fox', expansion_level: 'short', duration_s: 10 };

interface LedgerRecord {
  id: string;
  at: number;
  account: string;
}

interface Ledger {
  submits: (LedgerRecord & { taskId: string; kind: string; endpoint: string })[];
  uploads: LedgerRecord[];
  posts: LedgerRecord[];
  characters: LedgerRecord[];
  enhancements: LedgerRecord[];
  concurrency: Record<string, object>;
  calls: Record<string, number>;
}

let simulator: RunningSimulator;
let client: Client;

beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
});

afterEach(() => simulator.close());

async function ledger(query = ''): Promise<Ledger> {
  return (await simulator.call<Ledger>(`/_sim/ledger${query}`)).json;
}

test('keeps submits of every kind with the endpoint they came by, their body to the letter, and who sent them', async () => {
  const mediaId = (await client.upload()).json.id;
  const fromImage = { ...plainBody, inpaint_items: [{ kind: 'upload', upload_id: mediaId }] };
  const { id } = (await simulator.create(fromImage)).json;
  await client.submit('/backend/video_gen', imageBody);
  await client.submit('/backend/nf/create', remixBody);
  const { submits } = await ledger();
  const { width, height, prompt } = imageBody;
  expect(submits).toMatchObject([
    { taskId: id, kind: 'video', endpoint: 'create', body: fromImage, uploads: [mediaId] },
    { kind: 'image', endpoint: 'video_gen', model: null, prompt, body: imageBody, media: { width, height } },
    { kind: 'remix', endpoint: 'create', body: remixBody, parent: remixBody.remix_target_id },
  ]);
  expect(submits[0]).toMatchObject({
    at: START,
    account: PLUS,
    source: '127.0.0.1',
    userAgent: 'node',
    fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test('keeps uploads, posts, characters and enhancements', async () => {
  const mediaId = (await client.upload()).json.id;
  const generation = await client.draft();
  await client.post('/backend/editor/enhance_prompt', PROMPT_ENHANCEMENT);
  const cameo = { generation_id: generation, character_id: null, timestamps: [0, 3] };
  await client.post('/backend/characters/from-generation', cameo);
  const attachments = { attachments_to_create: [{ generation_id: generation, kind: 'sora' }], post_text: '' };
  const { post } = (await client.submit<{ post: { id: string } }>('/backend/project_y/post', attachments)).json;
  expect(await ledger()).toMatchObject({
    uploads: [{ id: mediaId, purpose: 'image', account: PLUS, at: START, contentType: 'image/png' }],
    posts: [{ id: post.id, generationId: generation, deletedAt: null, body: attachments }],
    characters: [{ account: PLUS, endpoint: 'character_from_generation', body: cameo, outcome: 'character' }],
    enhancements: [{ account: PLUS, body: PROMPT_ENHANCEMENT, source: '127.0.0.1' }],
  });
});

test('can be asked about one account, from a time on, and about some kinds only', async () => {
  await client.upload();
  await simulator.create();
  simulator.clock.now += 1_000;
  await client.submit('/backend/video_gen', imageBody, PRO);
  const about = async (query: string) => {
    const { submits, uploads, concurrency } = await ledger(query);
    return { kinds: submits.map(({ kind }) => kind), uploads: uploads.length, accounts: Object.keys(concurrency) };
  };
  expect(await about('')).toEqual({ kinds: ['video', 'image'], uploads: 1, accounts: [PLUS, PRO] });
  expect(await about('?kind=image')).toEqual({ kinds: ['image'], uploads: 0, accounts: [PRO] });
  expect(await about('?kind=video,upload')).toEqual({ kinds: ['video'], uploads: 1, accounts: [PLUS] });
  expect(await about(`?account=${PRO}`)).toEqual({ kinds: ['image'], uploads: 0, accounts: [PRO] });
  expect(await about(`?since=${START + 1}`)).toEqual({ kinds: ['image'], uploads: 0, accounts: [PRO] });
  expect((await simulator.call('/_sim/ledger?kind=film')).status).toBe(400);
});

test('knows how much of each kind an account had at once, at every instant', async () => {
  await simulator.create();
  simulator.clock.now += 1_000;
  await client.submit('/backend/video_gen', imageBody);
  await client.submit('/backend/video_gen', { ...imageBody, prompt: 'Another' });
  const most = (count: number, at: number | null) => ({ now: count, most: count, mostAt: at });
  expect((await ledger()).concurrency).toEqual({
    [PLUS]: {
      ...most(3, START + 1_000),
      image: most(2, START + 1_000),
      video: most(1, START),
      character: most(0, null),
    },
  });
  expect((await simulator.call(`/_sim/concurrency?account=${PLUS}&kind=image`)).json).toEqual({
    steps: [
      { at: START + 1_000, open: 2 },
      { at: START + 7_300, open: 0 },
    ],
  });
});

test('tells every call in order, with where it came from and what was answered', async () => {
  await simulator.create();
  simulator.clock.now += 1_000;
  await simulator.send('/_sim/faults', [
    { kind: 'server_error', endpoint: 'pending', count: 1 },
    { kind: 'reset', endpoint: 'drafts', count: 1 },
    { kind: 'reply_lost', endpoint: 'check', count: 1 },
  ]);
  await simulator.get('/backend/nf/pending/v2', PRO);
  await simulator.drafts().catch(() => {});
  await simulator.get('/backend/nf/check').catch(() => {});
  await simulator.call('/backend/me');
  const from = { source: '127.0.0.1', userAgent: expect.any(String) };
  expect((await simulator.call('/_sim/calls')).json).toEqual({
    calls: [
      { at: START, endpoint: 'sentinel', account: PLUS, ...from, status: 200, refusal: null },
      { at: START, endpoint: 'create', account: PLUS, ...from, status: 200, refusal: null },
      { at: START + 1_000, endpoint: 'pending', account: PRO, ...from, status: 500, refusal: 'server_error' },
      { at: START + 1_000, endpoint: 'drafts', account: PLUS, ...from, status: null, refusal: 'reset' },
      { at: START + 1_000, endpoint: 'check', account: PLUS, ...from, status: null, refusal: null },
      { at: START + 1_000, endpoint: 'me', account: null, ...from, status: 401, refusal: 'unauthorized' },
    ],
  });
  const only = (await simulator.call<{ calls: object[] }>(`/_sim/calls?account=${PLUS}&endpoint=create`)).json;
  expect(only.calls).toHaveLength(1);
  expect((await ledger(`?account=${PRO}`)).calls).toEqual({ pending: 1 });
});

test('tells as many submits, uploads and calls one by one as it is told to remember, and counts them all', async () => {
  const forgetful = await startSimulator({ remembered: 3 });
  try {
    const made = clientOf(forgetful);
    const uploaded: string[] = [];
    for (let no = 0; no < 6; no += 1) {
      await forgetful.create({ ...plainBody, prompt: `A red panda reads newspaper ${no}` });
      uploaded.push((await made.upload()).json.id);
    }
    const view = (await forgetful.call<Ledger & { accepted: number; forgotten: number }>('/_sim/ledger')).json;
    expect(view.accepted).toBe(6);
    expect(view.submits.length).toBe(6 - view.forgotten);
    expect(view.submits.length).toBeLessThanOrEqual(4);
    expect(view.uploads.map(({ id }) => id)).toEqual(uploaded.slice(-3));
    const { calls } = (await forgetful.call<{ calls: object[] }>('/_sim/calls')).json;
    expect(calls.length).toBeLessThanOrEqual(4);
    expect(view.calls).toMatchObject({ create: 6, uploads: 6 });
  } finally {
    await forgetful.close();
  }
});
