import { type Client, clientOf, PRO, remixBody } from '../testing/client.js';
import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const POST = '/backend/project_y/post';
const CREATE = '/backend/nf/create';

interface Posted {
  post: { id: string; text: string; attachments: object[] };
}

let simulator: RunningSimulator;
let client: Client;
let draft: string;

beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
  draft = await client.draft();
});

afterEach(() => simulator.close());

function bodyFor(generation_id: string) {
  return { attachments_to_create: [{ generation_id, kind: 'sora' }], post_text: '' };
}

async function publish(): Promise<string> {
  return (await client.submit<Posted>(POST, bodyFor(draft))).json.post.id;
}

test('a draft that is posted gets a share id, under which everyone finds it', async () => {
  const { status, json } = await client.submit<Posted>(POST, bodyFor(draft));
  expect(status).toBe(200);
  expect(json.post.id).toMatch(/^s_[0-9a-f]{32}$/);
  const seen = await simulator.get<Posted>(`${POST}/${json.post.id}`, PRO);
  expect(seen).toMatchObject({
    status: 200,
    json: { post: { id: json.post.id, attachments: [{ generation_id: draft }] } },
  });
  const { posts } = (await simulator.call<{ posts: object[] }>('/_sim/ledger')).json;
  expect(posts).toEqual([
    expect.objectContaining({
      id: json.post.id,
      generationId: draft,
      body: bodyFor(draft),
      account: 'plus@simulator.test',
      sentinelId: expect.any(String),
      deletedAt: null,
    }),
  ]);
});

test('a post is deleted once, by its account alone', async () => {
  const id = await publish();
  expect((await client.remove(`${POST}/${id}`, PRO)).status).toBe(404);
  expect(await client.remove(`${POST}/${id}`)).toMatchObject({ status: 204, text: '' });
  expect((await client.remove(`${POST}/${id}`)).status).toBe(404);
  expect((await simulator.get(`${POST}/${id}`)).status).toBe(404);
  const { posts } = (await simulator.call<{ posts: object[] }>('/_sim/ledger')).json;
  expect(posts).toEqual([expect.objectContaining({ id, deletedAt: simulator.clock.now })]);
});

test('a post can be remixed by anyone until it is deleted', async () => {
  const remix_target_id = await publish();
  expect((await client.submit(CREATE, { ...remixBody, remix_target_id }, PRO)).status).toBe(200);
  await client.remove(`${POST}/${remix_target_id}`);
  const refused = { status: 404, json: { error: { param: 'remix_target_id' } } };
  expect(await client.submit(CREATE, { ...remixBody, remix_target_id }, PRO)).toMatchObject(refused);
});

test('only a finished draft of the account can be posted', async () => {
  expect((await client.submit(POST, bodyFor('gen_unknown'))).status).toBe(404);
  expect((await client.submit(POST, bodyFor(draft), PRO)).status).toBe(404);
  const bad = await client.draft({ ...plainBody, prompt: 'Bad [sim:violation]' });
  expect((await client.submit(POST, bodyFor(bad))).status).toBe(404);
});

test.each<[string, (id: string) => object, string]>([
  ['an unknown key', (id) => ({ ...bodyFor(id), visibility: 'public' }), 'visibility'],
  ['no text', (id) => ({ attachments_to_create: bodyFor(id).attachments_to_create }), 'post_text'],
  ['no text at all', (id) => ({ ...bodyFor(id), post_text: null }), 'post_text'],
  ['nothing', () => ({ attachments_to_create: [], post_text: '' }), 'attachments_to_create'],
  [
    'another kind',
    (generation_id) => ({ ...bodyFor(''), attachments_to_create: [{ generation_id, kind: 'image' }] }),
    'attachments_to_create',
  ],
  [
    'a task in place of a generation',
    () => ({ ...bodyFor(''), attachments_to_create: [{ generation_id: 'task_1', kind: 'sora' }] }),
    'attachments_to_create',
  ],
])('refuses %s, by name', async (_, body, param) => {
  const answer = await client.submit(POST, body(draft));
  expect(answer).toMatchObject({ status: 400, json: { error: { param: expect.stringContaining(param) } } });
});

test('refuses a post without a sentinel token; deleting needs none', async () => {
  const answer = await client.post(POST, bodyFor(draft));
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'sentinel_refused' } } });
});
