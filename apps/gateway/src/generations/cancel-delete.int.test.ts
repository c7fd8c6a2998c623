import { LocalStorage } from '@reelay/platform/local-storage';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { NotFoundError } from 'openai';
import { fail, progress, succeed } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;
let client: OpenAI;

beforeAll(async () => {
  gateway = await openTestGateway({
    // What ends here is heard by messages alone.
    settings: { 'stream.recheckMs': 600_000, 'generation.waitMs': 60_000 },
  });
  key = await gateway.newClient();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
});

afterAll(() => gateway.close());

const model = 'sora2-landscape-10s';
const soon = { timeoutMs: 10_000, intervalMs: 10 };
const create = (prompt = 'a paper boat') => client.videos.create({ model, prompt });
const ulidOf = (id: string) => id.replace('video_', '');
const rowOf = (id: string) => gateway.database.generation.findUnique({ where: { id: ulidOf(id) } });
const send = (path: string, method = 'GET', as = key) => gateway.send(as, path, { method });
const json = async (path: string, method = 'GET') => (await send(path, method)).json() as Promise<object>;
async function generationOf(prompt: string): Promise<string> {
  const find = () =>
    gateway.database.$queryRaw<{ id: string }[]>`SELECT id FROM generation WHERE request->>'prompt' = ${prompt}`;
  await waitFor(async () => (await find()).length > 0, soon);
  return (await find())[0]?.id ?? '';
}

describe('cancelling', () => {
  test('answers the video as failed with the code `cancelled`, its true state beside it, and is asked for by any id', async () => {
    for (const shape of ['video_', 'chatcmpl-', 'rly_', '']) {
      const { id } = await create();
      const path = `/v1/videos/${shape}${ulidOf(id)}/cancel`;
      const cancelled = await json(path, 'POST');
      expect(cancelled).toMatchObject({
        ...{ id, object: 'video', status: 'failed', state: 'cancelled', stage: 'ended', progress: 0 },
        ...{ error: { code: 'cancelled' }, completed_at: expect.any(Number) as number },
      });
      expect(await json(path, 'POST')).toEqual(cancelled);
      expect(await json(`/v1/videos/${id}`)).toEqual(cancelled);
    }
  });

  test('answers the whole generation on its own route, and takes a body that says nothing', async () => {
    const { id } = await create();
    const path = `/v1/generations/${id}/cancel`;
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      const empty = await gateway.send(key, path, { method: 'POST', headers: { 'content-type': type } });
      expect([type, empty.status]).toEqual([type, 200]);
    }
    const response = await gateway.send(key, path, { method: 'POST', json: {} });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { object: 'generation', state: 'cancelled', prompt: 'a paper boat', error: { code: 'cancelled' } },
    ]);
  });

  test('of what has ended answers it unchanged', async () => {
    const done = await create();
    await succeed(gateway, ulidOf(done.id));
    expect(await json(`/v1/videos/${done.id}/cancel`, 'POST')).toMatchObject({ status: 'completed', error: null });
    const failed = await create();
    await fail(gateway, ulidOf(failed.id), { code: 'upstream_failed', message: 'no' });
    expect(await json(`/v1/videos/${failed.id}/cancel`, 'POST')).toMatchObject({ error: { code: 'upstream_failed' } });
  });

  test('is nobody else’s to do, and nothing is cancelled by it', async () => {
    const { id } = await create();
    const stranger = await gateway.newClient();
    for (const [path, method] of [
      [`/v1/videos/${id}/cancel`, 'POST'],
      [`/v1/generations/${id}/cancel`, 'POST'],
      [`/v1/videos/${id}`, 'DELETE'],
      [`/v1/generations/${id}`, 'DELETE'],
    ] as const) {
      const response = await send(path, method, stranger);
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { error: { code: 'not_found', param: 'id' } },
      ]);
    }
    expect((await send('/v1/videos/nothing/cancel', 'POST')).status).toBe(404);
    expect(await rowOf(id)).toMatchObject({ state: 'queued', deletedAt: null });
  });

  test('ends a stream with one error, and a request that waits with the same', async () => {
    const ask = (prompt: string) => ({ model, messages: [{ role: 'user' as const, content: prompt }] });
    const stream = await client.chat.completions.create({ ...ask('streamed'), stream: true });
    const reading = (async () => {
      for await (const _chunk of stream);
    })();
    const waiting = client.chat.completions.create(ask('waited'));
    const outcomes = Promise.allSettled([reading, waiting]);
    const streamed = await generationOf('streamed');
    await progress(gateway, { generationId: streamed, stage: 'rendering', progress: 10 });
    for (const id of [streamed, await generationOf('waited')]) {
      expect((await send(`/v1/generations/chatcmpl-${id}/cancel`, 'POST')).status).toBe(200);
    }
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } });
    }
  });
});

describe('deleting', () => {
  test('answers as OpenAI does, to the official SDK', async () => {
    const { id } = await create();
    await succeed(gateway, ulidOf(id));
    expect(await client.videos.delete(id)).toEqual({ id, object: 'video.deleted', deleted: true });
    await expect(client.videos.delete(id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.videos.retrieve(id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    await expect(client.videos.downloadContent(id)).rejects.toMatchObject({ status: 404 });

    const other = await create();
    expect(await json(`/v1/generations/rly_${ulidOf(other.id)}`, 'DELETE')).toEqual({
      ...{ id: other.id, object: 'generation.deleted', deleted: true },
    });
  });

  test('takes away files, references and links at once, and leaves no word of the request', async () => {
    const prompt = 'a boat that nobody may see';
    const form = new FormData();
    form.set('prompt', prompt);
    form.set('input_reference', new Blob([samplePng(640, 360)], { type: 'image/png' }), 'boat.png');
    const created = await gateway.send(key, '/v1/videos', { method: 'POST', body: form });
    const { id } = (await created.json()) as { id: string };
    await succeed(gateway, ulidOf(id));
    const { url } = (await json(`/v1/videos/${id}`)) as { url: string };
    expect((await fetch(url)).status).toBe(200);
    const assets = await gateway.database.asset.findMany({ where: { generationId: ulidOf(id) } });
    expect(assets.map(({ role }) => role).sort()).toEqual(['reference', 'result']);

    await client.videos.delete(id);
    const gone = await fetch(url);
    expect([gone.status, await gone.json()]).toMatchObject([404, { error: { code: 'not_found' } }]);
    expect(await gateway.database.asset.count({ where: { generationId: ulidOf(id) } })).toBe(0);
    const storage = await LocalStorage.create(gateway.storageDir);
    for (const { storageKey } of assets) expect(await storage.stat(storageKey)).toBeUndefined();
    const row = await rowOf(id);
    expect(JSON.stringify(row?.request)).not.toContain('boat');
    expect(row).toMatchObject({ result: { media: [] }, requestHash: '' });
    for (const [path, method] of [
      [`/v1/videos/${id}`, 'GET'],
      [`/v1/generations/${id}`, 'GET'],
      [`/v1/videos/${id}/content`, 'GET'],
      [`/v1/videos/${id}/cancel`, 'POST'],
      [`/v1/generations/${id}/cancel`, 'POST'],
    ] as const) {
      expect((await send(path, method)).status).toBe(404);
    }
    const remix = await gateway.send(key, '/v1/chat/completions', {
      json: { model, messages: [{ role: 'user', content: `${id} at night` }] },
    });
    expect([remix.status, await remix.json()]).toMatchObject([404, { error: { code: 'not_found' } }]);
  });

  test('ends the stream of what runs, and gives its key back neither work nor answer', async () => {
    const headers = { 'idempotency-key': 'deleted-1' };
    const ask = { model, prompt: 'deleted while it runs' };
    const first = await gateway.send(key, '/v1/videos', { json: ask, headers });
    const { id } = (await first.json()) as { id: string };
    const chat = { model, messages: [{ role: 'user', content: 'streamed and deleted' }], stream: true };
    const stream = await gateway.send(key, '/v1/chat/completions', { json: chat });
    const text = stream.text();
    await client.videos.delete(`video_${await generationOf('streamed and deleted')}`);
    const last = (await text).trim().split('\n\n').at(-1)?.slice('data: '.length) ?? '';
    expect(JSON.parse(last)).toMatchObject({ error: { code: 'cancelled' } });

    await client.videos.delete(id);
    const again = await gateway.send(key, '/v1/videos', { json: ask, headers });
    expect([again.status, await again.json()]).toMatchObject([
      404,
      { error: { code: 'not_found', message: expect.stringContaining('new Idempotency-Key') as string } },
    ]);
    expect(
      await gateway.database.generation.count({ where: { state: 'queued', deletedAt: null, requestHash: '' } }),
    ).toBe(0);
  });
});
