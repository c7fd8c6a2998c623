import {
  type Client,
  clientOf,
  extensionBody,
  imageBody,
  type Made,
  remixBody,
  storyboardBody,
} from '../testing/client.js';
import { type Answer, plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';
import { faultRow, type KindOf } from './fault-table.js';

const PENDING = '/backend/nf/pending/v2';
const RECENT = '/backend/v2/recent_tasks?limit=20';

interface TaskResponse {
  status: string;
  progress_pct?: number | null;
  generations: { url?: string }[];
  error_message: string | null;
}

let simulator: RunningSimulator;
let client: Client;
let draft: string;

/** One finished video is there, for what needs one. */
beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
  draft = await client.draft();
});

afterEach(() => simulator.close());

function fault(rule: object) {
  return simulator.send('/_sim/faults', rule);
}

const submits: Record<string, () => Promise<Answer<Made>>> = {
  'a video': () => client.submit('/backend/nf/create', plainBody),
  'a remix': () => client.submit('/backend/nf/create', remixBody),
  'a storyboard': () => client.submit('/backend/nf/create/storyboard', storyboardBody),
  'an extension': () => {
    return client.submit(`/backend/project_y/profile/drafts/${draft}/long_video_extension`, extensionBody);
  },
  'an image': () => client.submit('/backend/video_gen', imageBody),
};
const videos = Object.keys(submits).slice(0, -1);

async function recent(): Promise<TaskResponse[]> {
  return (await simulator.get<{ task_responses: TaskResponse[] }>(RECENT)).json.task_responses;
}

describe.each(videos)('%s', (name) => {
  test('can be told to end as a violation, without links, or nowhere', async () => {
    for (const kind of ['violation', 'missing_urls', 'vanishing', 'unlisted']) {
      await fault({ kind, count: 1 });
      expect(await submits[name]!()).toMatchObject({ status: 200 });
    }
    expect((await simulator.get(PENDING)).json).toHaveLength(3);
    simulator.clock.now += 10_000;
    const { items } = (await simulator.drafts()).json;
    expect(items.filter(({ id }) => id !== draft).map(({ kind, url }) => ({ kind, url }))).toEqual(
      expect.arrayContaining([
        { kind: 'sora_content_violation', url: null },
        { kind: 'sora_draft', url: null },
      ]),
    );
    expect(items).toHaveLength(3);
  });
});

test.each(Object.keys(submits))('the answer to %s can be lost though it is accepted, by default', async (name) => {
  expect(faultRow('reply_lost').where).not.toContain('me');
  await fault({ kind: 'reply_lost', count: 1 });
  await expect(submits[name]!()).rejects.toThrow('fetch failed');
  expect((await simulator.call<{ accepted: number }>('/_sim/ledger')).json.accepted).toBe(2);
});

test.each(Object.keys(submits))('%s is a 429 where the quota is said to be exhausted', async (name) => {
  for (const endpoint of ['create', 'storyboard', 'extension', 'video_gen']) {
    await fault({ kind: 'quota_exhausted', endpoint, resetsInSeconds: 60 });
  }
  const answer = await submits[name]!();
  expect(answer).toMatchObject({ status: 429, json: { error: { code: 'rate_limit_exceeded' } } });
  expect(answer.headers.get('retry-after')).toBe('60');
});

test('image_failed fails with a reason, image_without_url succeeds without one, the other two are never found', async () => {
  await fault({ kind: 'image_failed', reason: 'too dark', count: 1 });
  for (const kind of ['image_without_url', 'vanishing', 'unlisted']) await fault({ kind, count: 1 });
  const ids: string[] = [];
  for (let k = 0; k < 5; k += 1) ids.push((await submits['an image']!()).json.id);
  simulator.clock.now += 1_000;
  expect(await recent()).toHaveLength(4);
  simulator.clock.now += 10_000;
  const [good, withoutUrl, failed, ...rest] = await recent();
  expect(rest).toEqual([]);
  expect(good).toMatchObject({ id: ids[4], status: 'succeeded', generations: [{ url: expect.any(String) }] });
  expect(withoutUrl).toMatchObject({ id: ids[1], status: 'succeeded', generations: [{}] });
  expect(withoutUrl!.generations[0]).not.toHaveProperty('url');
  expect(failed).toMatchObject({ id: ids[0], status: 'failed', error_message: 'too dark' });
});

test('a character can be told to fail', async () => {
  await fault({ kind: 'character_failed', reason: 'no face', count: 1 });
  const body = { generation_id: draft, character_id: null, timestamps: [0, 3] };
  const { id } = (await client.post('/backend/characters/from-generation', body)).json;
  const status = `/backend/project_y/cameos/in_progress/${id}`;
  expect((await simulator.get(status)).json).toMatchObject({ status: 'processing' });
  simulator.clock.now += 10_000;
  expect((await simulator.get(status)).json).toMatchObject({ status: 'failed', status_message: 'no face' });
});

test('list_lag makes the list of images late too', async () => {
  await fault({ kind: 'list_lag', lagMs: 5_000, endpoint: 'recent_tasks' });
  await submits['an image']!();
  simulator.clock.now += 4_999;
  expect(await recent()).toEqual([]);
  simulator.clock.now += 1;
  expect(await recent()).toHaveLength(1);
});

describe('a list whose form is wrong', () => {
  type Rewrite = KindOf<'rewrite'>;
  const rewrites: [Rewrite, (entry: { progress_pct?: number | null }) => void][] = [
    ['progress_null', (entry) => expect(entry.progress_pct).toBeNull()],
    ['progress_missing', (entry) => expect(entry).not.toHaveProperty('progress_pct')],
  ];

  beforeEach(async () => {
    await submits['a video']!();
    await submits['an image']!();
    simulator.clock.now += 3_300;
  });

  test.each(rewrites)('%s strikes both lists that tell progress', async (kind, check) => {
    await fault({ kind, endpoint: 'pending', count: 1 });
    await fault({ kind, endpoint: 'recent_tasks', count: 1 });
    check((await simulator.get<[object]>(PENDING)).json[0]);
    check((await recent())[0]!);
    expect((await simulator.get<[object]>(PENDING)).json[0]).toMatchObject({ progress_pct: 0.5 });
    expect((await recent())[0]).toMatchObject({ progress_pct: 0.5 });
  });

  test('pending_object puts an object around the array', async () => {
    await fault({ kind: 'pending_object', count: 1 });
    expect((await simulator.get(PENDING)).json).toEqual({ items: [expect.objectContaining({ progress_pct: 0.5 })] });
  });

  test('waits for a list that is not empty', async () => {
    await fault({ kind: 'pending_object', count: 1 });
    expect((await simulator.get(PENDING, 'pro@simulator.test')).json).toEqual([]);
    expect((await simulator.get(PENDING)).json).toHaveProperty('items');
  });
});
