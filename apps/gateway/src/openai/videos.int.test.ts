import { waitFor } from '@reelay/testing/wait-for';
import { fail, progress, succeed } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  const configuration = { PUBLIC_URL: 'https://video.example.org/reelay' };
  gateway = await openTestGateway({
    configuration,
  });
  key = await gateway.newClient();
});

afterAll(() => gateway.close());

interface Video {
  id: string;
  url: string | null;
  [name: string]: unknown;
}

async function create(json: object = { prompt: 'a paper boat' }): Promise<{ id: string; ulid: string; video: Video }> {
  const response = await gateway.send(key, '/v1/videos', { json });
  expect(response.status).toBe(200);
  const video = (await response.json()) as Video;
  return { id: video.id, ulid: video.id.slice('video_'.length), video };
}

const read = async (path: string) => (await gateway.send(key, path)).json() as Promise<Video>;
const landscape = { prompt: 'x', model: 'sora2-landscape-10s' };
const form = (fields: Record<string, string>) => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
};

describe('the video object', () => {
  test('has all 13 keys from its creation on, and ours', async () => {
    const { id, video } = await create({
      prompt: 'a paper boat',
      model: 'sora2-portrait-15s',
      seconds: 15,
      size: '720x1280',
    });
    expect(video).toEqual({
      id: expect.stringMatching(/^video_[0-9A-Z]{26}$/) as string,
      object: 'video',
      model: 'sora2-portrait-15s',
      status: 'queued',
      progress: 0,
      created_at: expect.any(Number) as number,
      completed_at: null,
      expires_at: null,
      prompt: 'a paper boat',
      size: '360x640',
      seconds: '15',
      remixed_from_video_id: null,
      error: null,
      state: 'queued',
      stage: 'waiting',
      simulated: false,
      generation_id: id,
      url: null,
      queue_position: expect.any(Number) as number,
      estimated_start_at: null,
      waiting_reason: null,
    });
  });

  test('tells where it stands, why it waits and when its turn may come', async () => {
    const { id } = await create();
    const lane = 'sora:video:any:sora2';
    const data = {
      tokens: 1,
      simulated: 0,
      freeSlots: 0,
      waiting: 9,
      reason: 'the only account is busy',
      startEveryMs: 60_000,
    };
    await gateway.database.laneState.upsert({ where: { lane }, create: { lane, ...data }, update: data });
    for (const path of [`/v1/videos/${id}`, `/v1/generations/${id}`]) {
      const shown = await read(path);
      expect(shown).toMatchObject({ waiting_reason: 'the only account is busy' });
      const aheadMs = (shown.queue_position as number) * 60_000;
      expect(Math.abs((shown.estimated_start_at as number) * 1_000 - Date.now() - aheadMs)).toBeLessThan(10_000);
    }
    await gateway.database.laneState.delete({ where: { lane } });
  });

  test('shows progress, and the real size and a link when it is done', async () => {
    const { id, ulid } = await create();
    await progress(gateway, { generationId: ulid, stage: 'rendering', progress: 42 });
    expect(await read(`/v1/videos/${id}`)).toMatchObject({
      status: 'in_progress',
      progress: 42,
      stage: 'rendering',
      url: null,
    });
    await succeed(gateway, ulid);
    const done = await read(`/v1/videos/${id}`);
    expect(done).toMatchObject({
      status: 'completed',
      progress: 100,
      size: '640x360',
      completed_at: expect.any(Number) as number,
    });
    expect(done.url).toMatch(/^https:\/\/video\.example\.org\/reelay\/media\/[0-9A-Z]{26}\.mp4\?/);
  });

  test('of a failed or cancelled generation is failed, with the code', async () => {
    const failed = await create();
    await fail(gateway, failed.ulid, { code: 'content_policy_violation', message: 'No boats.' });
    const error = { code: 'content_policy_violation', message: 'No boats.' };
    expect(await read(`/v1/videos/${failed.id}`)).toMatchObject({ status: 'failed', error });
    const cancelled = await create();
    await gateway.database.$executeRaw`
      UPDATE generation SET state = 'cancelled', stage = 'ended', completed_at = now(),
        error = '{"code":"cancelled","message":"The generation was cancelled."}' WHERE id = ${cancelled.ulid}`;
    expect(await read(`/v1/videos/${cancelled.id}`)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
  });

  test('says how often to ask for it, in whole milliseconds', async () => {
    const { id } = await create();
    const response = await gateway.send(key, `/v1/videos/${id}`);
    expect(response.headers.get('openai-poll-after-ms')).toMatch(/^\d+$/);
  });
});

describe('creating', () => {
  test('refuses two files where one belongs, whichever came first', async () => {
    for (const names of [
      ['a.png', 'b.png'],
      ['a.png', ''],
    ]) {
      const data = form({ prompt: 'x' });
      for (const name of names.toReversed()) {
        if (name === '') data.append('input_reference', 'data:image/png;base64,AA==');
        else data.append('input_reference', new Blob([samplePng(8, 8)]), name);
      }
      const response = await gateway.send(key, '/v1/videos', { body: data });
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: expect.objectContaining({ code: 'invalid_value', param: 'input_reference' }) as object },
      ]);
    }
  });

  test('takes the multipart form of the SDKs as it takes JSON', async () => {
    const response = await gateway.send(key, '/v1/videos', {
      body: form({ prompt: 'ein Boot 😀', model: 'sora2-landscape-15s', seconds: '15', user: 'x' }),
    });
    expect(await response.json()).toMatchObject({ prompt: 'ein Boot 😀', model: 'sora2-landscape-15s', seconds: '15' });
  });

  test.each<[string, Record<string, string>, number, string, string]>([
    ['no prompt', {}, 400, 'missing_required_parameter', 'prompt'],
    ['an empty prompt', { prompt: '  ' }, 400, 'missing_required_parameter', 'prompt'],
    ['an unknown model', { prompt: 'x', model: 'nope' }, 404, 'model_not_found', 'model'],
    ['a length the model does not make', { ...landscape, seconds: '12' }, 400, 'invalid_value', 'seconds'],
    ['a size of the other orientation', { ...landscape, size: '720x1280' }, 400, 'invalid_value', 'size'],
    ['a length that is none', { prompt: 'x', seconds: 'long' }, 400, 'invalid_value', 'seconds'],
    ['a size that is none', { prompt: 'x', model: 'sora-2', size: 'huge' }, 400, 'invalid_value', 'size'],
    [
      'a reference that is no image',
      { prompt: 'x', 'input_reference[image_url]': 'data:image/png;base64,AA==' },
      400,
      'invalid_reference',
      'input_reference.image_url',
    ],
    ['a name nobody could mean', { prompt: 'x', '__proto__[a]': 'x' }, 400, 'invalid_request', '__proto__[a]'],
  ])('with %s is refused by the name of the field, in a form and in JSON', async (_, fields, status, code, param) => {
    const response = await gateway.send(key, '/v1/videos', { body: form(fields) });
    expect([response.status, await response.json()]).toMatchObject([status, { error: { code, param } }]);
    if (param.includes('[') || Object.keys(fields).some((name) => name.includes('['))) return;
    const asJson = await gateway.send(key, '/v1/videos', { json: fields });
    expect([asJson.status, await asJson.json()]).toMatchObject([status, { error: { code, param } }]);
  });

  test('with a file keeps it as the reference of the generation', async () => {
    const data = form({ prompt: 'x' });
    data.set('input_reference', new Blob([samplePng(20, 10)], { type: 'application/octet-stream' }), 'upload');
    const response = await gateway.send(key, '/v1/videos', { body: data });
    expect(response.status).toBe(200);
    const { id } = (await response.json()) as Video;
    const row = await gateway.database.generation.findUniqueOrThrow({
      where: { id: id.slice('video_'.length) },
      include: { assets: true },
    });
    expect(row.request).toMatchObject({ workflow: 'video', references: [{ kind: 'image', contentType: 'image/png' }] });
    expect(row.assets).toMatchObject([{ role: 'reference', contentType: 'image/png', width: 20, height: 10 }]);
  });

  test('with a file that is no image is refused by its name', async () => {
    const data = form({ prompt: 'x' });
    data.set('input_reference', new Blob([new Uint8Array(3 << 20)], { type: 'image/png' }), 'boat.png');
    const response = await gateway.send(key, '/v1/videos', { body: data });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: 'invalid_reference', param: 'input_reference' } },
    ]);
  });

  test('is attached to by a retry only when its answer was not delivered', async () => {
    const json = { prompt: 'a boat that was delivered' };
    const first = await create(json);
    const again = await gateway.send(key, '/v1/videos', { json, headers: { 'x-stainless-retry-count': '1' } });
    expect(((await again.json()) as Video).id).not.toBe(first.id);
    await gateway.database.generation.update({ where: { id: first.ulid }, data: { attachable: 1 } });
    const attached = await gateway.send(key, '/v1/videos', { json, headers: { 'x-stainless-retry-count': '1' } });
    expect(((await attached.json()) as Video).id).toBe(first.id);
  });
});

test('a generation can be read whole by the id of any dialect', async () => {
  const { ulid } = await create({ prompt: 'whole', size: '1280x720' });
  const { assetId } = await succeed(gateway, ulid);
  for (const id of [`video_${ulid}`, `chatcmpl-${ulid}`, ulid]) {
    expect(await read(`/v1/generations/${id}`)).toMatchObject({
      id: `video_${ulid}`,
      object: 'generation',
      kind: 'video',
      state: 'succeeded',
      stage: 'ended',
      progress: 100,
      seq: 2,
      asked: { size: '1280x720' },
      simulated: false,
      error: null,
      results: [
        {
          url: expect.stringContaining(assetId) as string,
          content_type: 'video/mp4',
          size_bytes: 1000,
          width: 640,
          height: 360,
          duration_ms: 10_000,
        },
      ],
    });
  }
});

test('models say what they make, and that they are simulated where nothing else could be', async () => {
  const lane = 'sora:video:any:sora2';
  const state = { freeSlots: 0, waiting: 0 };
  expect(await read('/v1/models/sora2-landscape-10s')).toMatchObject({ simulated: false });
  await gateway.database.laneState.create({ data: { lane, tokens: 3, simulated: 3, ...state } });
  // What is known of the lanes may be a second old.
  const isSimulated = async () => (await read('/v1/models/sora2-landscape-10s')).simulated === true;
  await waitFor(isSimulated, { timeoutMs: 20_000, intervalMs: 20 });
  const { data } = (await read('/v1/models')) as unknown as { data: { id: string }[] };
  expect(data.find(({ id }) => id === 'sora2-landscape-10s')).toEqual({
    id: 'sora2-landscape-10s',
    object: 'model',
    created: expect.any(Number) as number,
    owned_by: 'reelay',
    description: expect.any(String) as string,
    kind: 'video',
    workflow: 'video',
    orientation: 'landscape',
    seconds: 10,
    frames: 300,
    size: '640x360',
    plan: 'any',
    styles: expect.arrayContaining(['anime']) as string[],
    references: { images: 1, videos: 1 },
    remix: true,
    storyboard: true,
    extends: false,
    enhance: null,
    simulated: true,
  });
  await gateway.database.laneState.update({ where: { lane }, data: { tokens: 4 } });
  await waitFor(async () => !(await isSimulated()), { timeoutMs: 20_000, intervalMs: 20 });
});

describe('the content', () => {
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    gateway.send(key, path, { method, headers });

  test('is not there before the video is done, and is the error of one that failed', async () => {
    const { id, ulid } = await create();
    const early = await ask(`/v1/videos/${id}/content`);
    expect([early.status, await early.json()]).toMatchObject([404, { error: { code: 'video_not_ready' } }]);
    await fail(gateway, ulid, { code: 'upstream_failed', message: 'It broke.' });
    const late = await ask(`/v1/videos/${id}/content`);
    expect([late.status, await late.json()]).toMatchObject([
      502,
      { error: { code: 'upstream_failed', message: 'It broke.' } },
    ]);
    const variant = await ask(`/v1/videos/${id}/content?variant=poster`);
    expect([variant.status, await variant.json()]).toMatchObject([
      400,
      { error: { code: 'invalid_value', param: 'variant' } },
    ]);
  });

  test('comes whole, in ranges, not again, or as headers only, with a key and by its link alike', async () => {
    const { id, ulid } = await create();
    const { bytes, sha256 } = await succeed(gateway, ulid);
    const link = new URL((await read(`/v1/videos/${id}`)).url ?? '');
    for (const path of [`/v1/videos/${id}/content`, link.pathname.replace('/reelay', '') + link.search]) {
      const whole = await ask(path);
      expect([whole.status, Buffer.from(await whole.arrayBuffer()).equals(bytes)]).toEqual([200, true]);
      const etag = `"${sha256}"`;
      expect(Object.fromEntries(whole.headers)).toMatchObject({
        etag,
        'content-type': 'video/mp4',
        'content-length': '1000',
        'accept-ranges': 'bytes',
        'x-content-type-options': 'nosniff',
        'content-disposition': expect.stringMatching(/^(inline|attachment); filename="[\w]+\.mp4"$/) as string,
      });

      const part = await ask(path, { range: 'bytes=10-19' });
      expect([part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
        206,
        'bytes 10-19/1000',
        '10',
      ]);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);

      const beyond = await ask(path, { range: 'bytes=1000-' });
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
      expect(await beyond.json()).toMatchObject({ error: { code: 'range_not_satisfiable' } });

      const known = await ask(path, { 'if-none-match': etag });
      expect([known.status, await known.text()]).toEqual([304, '']);

      const stale = await ask(path, { range: 'bytes=0-9', 'if-range': '"another file"' });
      expect([stale.status, (await stale.arrayBuffer()).byteLength]).toEqual([200, 1000]);

      const head = await ask(path, {}, 'HEAD');
      expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1000', '']);
    }
  });

  test('whose file was lost is not found, instead of an empty download', async () => {
    const { id, ulid } = await create();
    const { assetId } = await succeed(gateway, ulid);
    await gateway.database.asset.update({ where: { id: assetId }, data: { storageKey: 'tests/gone.mp4' } });
    const response = await ask(`/v1/videos/${id}/content`, { range: 'bytes=0-9' });
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'not_found' } }]);
    for (const name of ['content-range', 'etag', 'cache-control']) expect(response.headers.get(name)).toBeNull();
  });
});
