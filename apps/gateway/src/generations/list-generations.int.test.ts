/** The list of everything that an owner asked for, whichever API asked. */
import { succeedWith } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;
/** Newest first: a chat's image, a chat's text and two videos. */
let ids: string[];

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'generation.waitMs': 10 },
  });
  key = await gateway.newClient();
  for (const prompt of ['one', 'two']) await gateway.send(key, '/v1/videos', { json: { prompt } });
  for (const model of ['prompt-enhance-short-10s', 'gpt-image']) {
    const messages = [{ role: 'user', content: 'a cat' }];
    expect((await gateway.send(key, '/v1/chat/completions', { json: { model, messages } })).status).toBe(504);
  }
  ids = (await list('')).data.map(({ id }) => id);
}, 60_000);

afterAll(() => gateway.close());

interface Page {
  data: { id: string; kind: string; queue_position: number | null; results: { url: string }[] }[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

async function list(query: string, as = key): Promise<Page> {
  const response = await gateway.send(as, `/v1/generations${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

test('shows every kind under the id of the API that asked for it, the newest first, with its place', async () => {
  const page = await list('');
  expect(page).toMatchObject({ object: 'list', first_id: ids[0], last_id: ids[3], has_more: false });
  expect(page.data.map(({ id, kind }) => [id.replace(/[0-9A-Z]{26}$/, ''), kind])).toEqual([
    ['chatcmpl-', 'image'],
    ['chatcmpl-', 'enhance'],
    ['video_', 'video'],
    ['video_', 'video'],
  ]);
  expect(page.data.map(({ queue_position: place }) => place)).toEqual([1, expect.any(Number), 2, 1]);
});

test('each entry is what its own address answers', async () => {
  await succeedWith(gateway, (ids[0] ?? '').slice('chatcmpl-'.length), {
    media: [{ contentType: 'image/png', bytes: samplePng(8, 8), width: 8, height: 8 }],
  });
  for (const listed of (await list('')).data) {
    const alone = (await (await gateway.send(key, `/v1/generations/${listed.id}`)).json()) as Page['data'][number];
    // Links are signed anew each time.
    const withoutLinks = ({ results, ...rest }: Page['data'][number]) => ({ ...rest, results: results.length });
    expect(withoutLinks(listed)).toEqual(withoutLinks(alone));
  }
});

test('can be asked for one kind, and goes on after any spelling of an id', async () => {
  expect((await list('?kind=video')).data.map(({ id }) => id)).toEqual(ids.slice(2));
  const after = (ids[1] ?? '').replace('chatcmpl-', 'video_');
  expect((await list(`?after=${after}&limit=1`)).data.map(({ id }) => id)).toEqual([ids[2]]);
  expect(await list('', await gateway.newClient())).toMatchObject({ data: [], first_id: null, has_more: false });
});

test.each([
  ['limit=101', 400, 'limit'],
  ['limit=x', 400, 'limit'],
  ['limit=1&limit=2', 400, 'limit'],
  ['order=newest', 400, 'order'],
  ['kind=song', 400, 'kind'],
  ['after=nobody', 404, 'after'],
  ['after=video_01J00000000000000000000000', 404, 'after'],
])('refuses %s by its name', async (query, status, param) => {
  for (const route of query.startsWith('kind') ? ['generations'] : ['generations', 'videos']) {
    const response = await gateway.send(key, `/v1/${route}?${query}`);
    expect([response.status, await response.json()]).toMatchObject([status, { error: { param } }]);
  }
});
