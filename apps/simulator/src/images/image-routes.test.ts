import sharp from 'sharp';
import { type Client, clientOf, imageBody, PRO } from '../testing/client.js';
import { type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const VIDEO_GEN = '/backend/video_gen';
const RECENT = '/backend/v2/recent_tasks';

interface Recent {
  task_responses: {
    id: string;
    status: string;
    progress_pct: number;
    generations: { url?: string }[];
    error_message: string | null;
  }[];
}

let simulator: RunningSimulator;
let client: Client;

beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
});

afterEach(() => simulator.close());

async function recent(query = '', email?: string) {
  return (await simulator.get<Recent>(`${RECENT}${query}`, email)).json.task_responses;
}

const withPicture = (upload_media_id: string) => ({
  ...imageBody,
  operation: 'remix',
  inpaint_items: [{ type: 'image', frame_index: 0, upload_media_id }],
});

test('an image goes from the queue through processing to success', async () => {
  const { status, json } = await client.submit(VIDEO_GEN, imageBody);
  expect(status).toBe(200);
  const { id } = json;
  expect(id).toMatch(/^task_[0-9a-z]{26}$/);
  const waiting = { id, status: 'queued', progress_pct: 0, generations: [], error_message: null };
  expect(await recent()).toEqual([waiting]);
  simulator.clock.now += 3_300;
  expect(await recent()).toEqual([{ ...waiting, status: 'processing', progress_pct: 0.5 }]);
  simulator.clock.now += 3_000;
  const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/file\/gen_\w+\.png\?exp=\d+&sig=/);
  expect(await recent()).toEqual([{ ...waiting, status: 'succeeded', progress_pct: 1, generations: [{ url }] }]);
});

test.each([
  [360, 360],
  [540, 360],
  [360, 540],
])('the picture is a PNG of %i×%i, as was asked', async (width, height) => {
  await client.submit(VIDEO_GEN, { ...imageBody, width, height });
  simulator.clock.now += 10_000;
  const response = await fetch((await recent())[0]?.generations[0]?.url ?? '');
  expect(response.headers.get('content-type')).toBe('image/png');
  const metadata = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
  expect(metadata).toMatchObject({ format: 'png', width, height });
});

test('an image from a picture is taken, and its ledger entry names the upload', async () => {
  const { id } = (await client.upload()).json;
  const body = withPicture(id);
  expect((await client.submit(VIDEO_GEN, body)).status).toBe(200);
  const { submits } = (await simulator.call<{ submits: object[] }>('/_sim/ledger')).json;
  expect(submits).toEqual([
    expect.objectContaining({ kind: 'image', endpoint: 'video_gen', body, uploads: [id], model: null }),
  ]);
});

test.each(Object.keys(imageBody))('refuses a body without "%s"', async (key) => {
  const { [key as keyof typeof imageBody]: _, ...rest } = imageBody;
  const refused = { status: 400, json: { error: { code: 'missing_parameter', param: key } } };
  expect(await client.submit(VIDEO_GEN, rest)).toMatchObject(refused);
});

test.each([
  ['an unknown key', { style_id: null }, 'style_id'],
  ['another type', { type: 'video_gen' }, 'type'],
  ['an operation that does not exist', { operation: 'blend' }, 'operation'],
  ['a blank prompt', { prompt: ' ' }, 'prompt'],
  ['a size as text', { width: '360' }, 'width'],
  ['a size that does not exist', { width: 540, height: 540 }, 'width'],
  ['two variants', { n_variants: 2 }, 'n_variants'],
  ['two frames', { n_frames: 2 }, 'n_frames'],
  ['a remix of nothing', { operation: 'remix' }, 'inpaint_items'],
  ['a picture that is not remixed', { ...withPicture('media_1'), operation: 'simple_compose' }, 'inpaint_items'],
  ['an unknown upload', withPicture('media_1'), 'inpaint_items.0.upload_media_id'],
  [
    'another frame',
    { ...withPicture('m'), inpaint_items: [{ type: 'image', frame_index: 1, upload_media_id: 'm' }] },
    'inpaint_items.0.frame_index',
  ],
  [
    'a picture as videos name theirs',
    { ...withPicture('m'), inpaint_items: [{ kind: 'upload', upload_id: 'm' }] },
    'inpaint_items.0.type',
  ],
])('refuses %s, by name', async (_, changes, param) => {
  const answer = await client.submit(VIDEO_GEN, { ...imageBody, ...changes });
  expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
});

test('refuses an image without a sentinel token', async () => {
  const answer = await client.post(VIDEO_GEN, imageBody);
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'sentinel_refused' } } });
});

test('an account without Sora 2 may make images', async () => {
  await simulator.send('/_sim/accounts/plus@simulator.test', { sora2: 'none' }, {}, 'PATCH');
  expect((await client.submit(VIDEO_GEN, imageBody)).status).toBe(200);
  expect(await recent()).toHaveLength(1);
});

test('the list shows the newest first, as many as were asked for, 20 by default and 100 at most', async () => {
  await simulator.send('/_sim/speed', { proofRequired: false });
  const made: string[] = [];
  for (let k = 0; k < 105; k += 1) {
    made.unshift((await client.submit(VIDEO_GEN, { ...imageBody, prompt: `Number ${k}` })).json.id);
  }
  const ids = async (query: string) => (await recent(query)).map(({ id }) => id);
  expect(await ids('?limit=3')).toEqual(made.slice(0, 3));
  expect(await ids('')).toEqual(made.slice(0, 20));
  expect(await ids('?limit=500')).toEqual(made.slice(0, 100));
  expect(await recent('', PRO)).toEqual([]);
});

test.each(['?limit=0', '?limit=many'])('refuses the query %s', async (query) => {
  expect((await simulator.get(`${RECENT}${query}`)).status).toBe(400);
});

test('images are in no list of videos, and videos in no list of images', async () => {
  await client.submit(VIDEO_GEN, imageBody);
  await simulator.create();
  expect((await simulator.get<unknown[]>('/backend/nf/pending/v2')).json).toHaveLength(1);
  simulator.clock.now += 10_000;
  expect((await simulator.drafts()).json.items).toHaveLength(1);
  expect(await recent()).toHaveLength(1);
});

test('images use up no videos', async () => {
  const quota = { videos: 1, windowSeconds: 3_600 };
  await simulator.send('/_sim/accounts/plus@simulator.test', { quota }, {}, 'PATCH');
  await client.submit(VIDEO_GEN, imageBody);
  simulator.clock.now += 10_000;
  const { json } = await simulator.get('/backend/nf/check');
  expect(json).toMatchObject({ rate_limit_and_credit_balance: { estimated_num_videos_remaining: 1 } });
});

const failed = { status: 'failed', generations: [], error_message: expect.stringMatching(/\S/) };

test.each([
  ['[sim:image-failed]', [failed]],
  ['[sim:violation]', [{ ...failed, error_message: expect.stringContaining('guardrails') }]],
  ['[sim:image-without-url]', [{ status: 'succeeded', generations: [{}] }]],
  ['[sim:missing-urls]', [{ status: 'succeeded', generations: [{}] }]],
  ['[sim:vanishing]', []],
  ['[sim:unlisted]', []],
])('a prompt with %s ends so', async (marker, expected) => {
  await client.submit(VIDEO_GEN, { ...imageBody, prompt: `A dog ${marker}` });
  simulator.clock.now += 10_000;
  expect(await recent()).toMatchObject(expected);
});

test('an image may be late, though it is rendered', async () => {
  await client.submit(VIDEO_GEN, { ...imageBody, prompt: 'A dog [sim:gap=60s]' });
  simulator.clock.now += 10_000;
  expect(await recent()).toMatchObject([{ status: 'processing', progress_pct: 1, generations: [] }]);
  simulator.clock.now += 60_000;
  expect(await recent()).toMatchObject([{ status: 'succeeded' }]);
});

test('a fault makes images fail, with its reason', async () => {
  await simulator.send('/_sim/faults', { kind: 'image_failed', reason: 'because', count: 1 });
  await client.submit(VIDEO_GEN, imageBody);
  simulator.clock.now += 10_000;
  expect(await recent()).toMatchObject([{ status: 'failed', error_message: 'because' }]);
});
