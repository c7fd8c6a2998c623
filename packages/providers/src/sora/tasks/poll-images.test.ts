import type { Operation } from '@reelay/contracts/provider';
import { createContext } from '../__fixtures__/contexts.js';
import { readRecorded } from '../__fixtures__/recorded.js';
import { type RecordedRequest, ScriptedUpstream } from '../__fixtures__/scripted-upstream.js';
import { SoraProvider } from '../sora-provider.js';

const provider = new SoraProvider();
const route = 'GET /backend/v2/recent_tasks';
let upstream: ScriptedUpstream;
beforeEach(async () => {
  upstream = await new ScriptedUpstream().start();
  upstream.on(route, { body: readRecorded('recent-tasks.json') });
});
afterEach(() => upstream.close());

const image = (id: string): Operation => ({ id, data: { type: 'image' } });
const poll = async (...ids: string[]) => (await provider.poll(ids.map(image), createContext(upstream.url))).outcomes;
const limits = () => upstream.requestsTo('/backend/v2/recent_tasks').map(({ query }) => query.get('limit'));

describe('poll of images', () => {
  test('serves all of a token with one call, and asks for no list of videos', async () => {
    const outcomes = await poll('task_img_queued', 'task_img_running', 'task_img_done');
    expect(Object.fromEntries(outcomes)).toEqual({
      task_img_queued: { state: 'pending', progress: 0, status: 'queued' },
      task_img_running: { state: 'pending', progress: 58, status: 'processing' },
      task_img_done: {
        state: 'done',
        operation: { id: 'task_img_done', data: { type: 'image' } },
        media: [
          { url: 'https://videos.openai.com/az/images/one.png?sig=a', kind: 'image' },
          { url: 'https://videos.openai.com/az/images/three.png?sig=b', kind: 'image' },
        ],
      },
    });
    expect(upstream.log).toEqual([route]);
    expect(limits()).toEqual(['20']);
  });

  test('a failed image is told as failed at once, with its reason (fault 9)', async () => {
    const outcomes = await poll('task_img_failed', 'task_img_refused');
    expect([...outcomes.values()]).toEqual([
      {
        state: 'refused',
        error: { code: 'upstream_failed', message: expect.stringContaining('The image could not be rendered.') },
      },
      {
        state: 'refused',
        error: { code: 'content_policy_violation', message: expect.stringContaining('violate our content policies') },
      },
    ]);
  });

  test('one that failed without a word is told as failed, too (fault 9)', async () => {
    upstream.on(route, { body: { task_responses: [{ id: 'a', status: 'failed', error_message: null }] } });
    expect((await poll('a')).get('a')).toMatchObject({ state: 'refused', error: { code: 'upstream_failed' } });
  });

  test('one that succeeded without an address is waited for', async () => {
    expect((await poll('task_img_urlless')).get('task_img_urlless')).toEqual({
      state: 'pending',
      progress: 100,
      status: 'succeeded',
    });
  });

  test.each([null, undefined, 'half', {}])('reads progress_pct %p as nothing yet', async (progress_pct) => {
    upstream.on(route, { body: { task_responses: [{ id: 'a', status: 'processing', progress_pct }] } });
    expect((await poll('a')).get('a')).toEqual({ state: 'pending', progress: 0, status: 'processing' });
  });

  test("is not disturbed by a stranger's task with odd fields", async () => {
    const odd = { id: 'odd', status: 3, generations: ['x', { url: 7 }, null], error_message: [] };
    upstream.on(route, { body: { task_responses: [odd, { id: 'a', status: 'failed' }] } });
    expect((await poll('a', 'odd')).get('a')).toMatchObject({ state: 'refused' });
  });

  test.each([{ body: {} }, { body: [] }, { body: '' }, { status: 500 }, 'reset' as const])(
    'fails, rather than find nothing, when the list is answered %j',
    async (answer) => {
      upstream.on(route, answer);
      await expect(poll('task_img_done')).rejects.toMatchObject({ submitClass: 'not_sent' });
    },
  );
});

describe('the list of images', () => {
  const many = Array.from({ length: 300 }, (_, index) => ({
    id: `t${index}`,
    status: index % 3 === 0 ? 'processing' : 'succeeded',
    generations: [{ url: `https://v/${index}` }],
  }));
  const byLimit =
    (most = 300) =>
    ({ query }: RecordedRequest) => ({
      body: { task_responses: many.slice(0, Math.min(most, Number(query.get('limit')))) },
    });

  test('grows while something of ours is missing, up to its setting', async () => {
    upstream.on(route, byLimit());
    const outcomes = await poll('t2', 't70', 't299');
    expect([...outcomes.values()].map(({ state }) => state)).toEqual(['done', 'done', 'pending']);
    expect(limits()).toEqual(['20', '40', '80', '100']);
  });

  test('is not asked to grow when it is short already, or as long as the upstream shows', async () => {
    await poll('gone');
    expect(limits()).toEqual(['20']);
    upstream.on(route, byLimit(50));
    await poll('t60');
    expect(limits()).toEqual(['20', '20', '40', '80', '100']);
  });

  const list = (...until: string[]) =>
    provider.list({ slotKind: 'image', until: new Set(until) }, createContext(upstream.url));

  test('tells running from finished, for reconciling, and is complete at its end', async () => {
    expect(await provider.list({ slotKind: 'image' }, createContext(upstream.url))).toEqual({
      pending: ['task_img_queued', 'task_img_running'],
      finished: ['task_img_done', 'task_img_failed', 'task_img_refused', 'task_img_urlless'],
      complete: true,
    });
    expect(upstream.log).toEqual([route]);
  });

  test('is complete when it reaches a task that was known, and not when a cap cuts it off', async () => {
    upstream.on(route, byLimit());
    expect(await list('t22')).toMatchObject({
      complete: true,
      finished: many.slice(0, 23).flatMap(({ id, status }) => (status === 'succeeded' ? id : [])),
      older: expect.arrayContaining(['t23', 't38']),
    });
    expect(await list('t200')).toMatchObject({ complete: false });
    upstream.on(route, byLimit(50));
    expect(await list('t200')).toMatchObject({ complete: false });
  });

  test('names no task as running and finished at once when one ends between two calls', async () => {
    upstream.on(route, byLimit(), () => ({
      body: { task_responses: many.slice(0, 30).map((task) => ({ ...task, status: 'succeeded' })) },
    }));
    const { pending, finished } = await list('none');
    expect(pending.filter((id) => finished.includes(id))).toEqual([]);
  });
});

test('the media of an image are looked up anew', async () => {
  const media = (id: string) => provider.media(image(id), createContext(upstream.url));
  expect(await media('task_img_done')).toHaveLength(2);
  await expect(media('task_img_urlless')).rejects.toMatchObject({ code: 'media_unavailable' });
  await expect(media('gone')).rejects.toMatchObject({ code: 'media_unavailable' });
});
