import { removeMedia } from '@reelay/db/assets/remove-media';
import { endGeneration } from '@reelay/db/generations/end-generation';
import { inTransaction } from '@reelay/db/transaction';
import { succeed } from '../testing/play-worker.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'media.keepHours': 24 },
  });
  key = await gateway.newClient();
});
afterAll(() => gateway.close());

interface Video {
  id: string;
  status: string;
  url: string | null;
  completed_at: number;
  expires_at: number | null;
}

async function accepted(): Promise<{ id: string; ulid: string }> {
  const { id } = (await (await gateway.send(key, '/v1/videos', { json: { prompt: 'a boat' } })).json()) as Video;
  return { id, ulid: id.slice('video_'.length) };
}
async function finished() {
  const video = await accepted();
  return { ...video, ...(await succeed(gateway, video.ulid)) };
}
const videoOf = async (id: string) => (await (await gateway.send(key, `/v1/videos/${id}`)).json()) as Video;
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(gateway.url + path, { method, headers: { authorization: `Bearer ${key}`, ...headers }, redirect: 'manual' });
const codeOf = async (response: Response) => [response.status, ((await response.json()) as ErrorBody).error.code];
interface ErrorBody {
  error: { code: string };
}

describe('a file', () => {
  let path: string;
  let bytes: Buffer;
  let etag: string;
  let modified: string;

  beforeAll(async () => {
    const video = await finished();
    path = `/v1/videos/${video.id}/content`;
    bytes = video.bytes;
    etag = `"${video.sha256}"`;
    modified = (await ask(path)).headers.get('last-modified') ?? '';
  });

  const earlier = 'Sun, 01 Nov 2020 10:00:00 GMT';
  test.each<[string, () => Record<string, string>, number, [number, number]]>([
    ['from the start', () => ({ range: 'bytes=0-99' }), 206, [0, 100]],
    ['from somewhere on', () => ({ range: 'bytes=990-' }), 206, [990, 1000]],
    ['its last bytes', () => ({ range: 'bytes=-7' }), 206, [993, 1000]],
    ['beyond its end', () => ({ range: 'bytes=500-5000' }), 206, [500, 1000]],
    ['several ranges, which come as the whole', () => ({ range: 'bytes=0-1,5-6' }), 200, [0, 1000]],
    ['no range of bytes', () => ({ range: 'lines=0-1' }), 200, [0, 1000]],
    ['if it is still this one', () => ({ range: 'bytes=0-9', 'if-range': etag }), 206, [0, 10]],
    ['if it has this date', () => ({ range: 'bytes=0-9', 'if-range': modified }), 206, [0, 10]],
    ['if it had another date', () => ({ range: 'bytes=0-9', 'if-range': earlier }), 200, [0, 1000]],
    ['if it changed since', () => ({ 'if-modified-since': earlier }), 200, [0, 1000]],
    ['if it is another', () => ({ 'if-none-match': '"x"', 'if-modified-since': modified }), 200, [0, 1000]],
  ])('is sent as asked for: %s', async (_what, headers, status, [start, end]) => {
    const answer = await ask(path, headers());
    const body = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, answer.headers.get('content-length')]).toEqual([status, String(end - start)]);
    expect(body.equals(bytes.subarray(start, end))).toBe(true);
    expect(answer.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/1000` : null);
  });

  test.each<[string, () => Record<string, string>]>([
    ['by its tag', () => ({ 'if-none-match': `"other", W/${etag}` })],
    ['by its date', () => ({ 'if-modified-since': modified })],
    ['by its tag, whatever its date', () => ({ 'if-none-match': etag, 'if-modified-since': earlier })],
  ])('that the client has is not sent again, told %s', async (_what, headers) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(path, headers(), method);
      expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([304, '', etag]);
    }
  });

  test('is described whole by HEAD, for which there are no ranges', async () => {
    const answer = await ask(path, { range: 'bytes=0-9' }, 'HEAD');
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '1000', '']);
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
  });

  test('has nothing beyond its end', async () => {
    const answer = await ask(path, { range: 'bytes=1000-' });
    expect(answer.headers.get('content-range')).toBe('bytes */1000');
    expect(await codeOf(answer)).toEqual([416, 'range_not_satisfiable']);
  });
});

describe('media that are kept for a time', () => {
  test('say until when', async () => {
    const { id } = await finished();
    const video = await videoOf(id);
    expect(video.expires_at).toBe(video.completed_at + 24 * 3600);
  });

  test('are gone after it: their links and routes say so, and the record stays', async () => {
    const { id, ulid } = await finished();
    const link = new URL((await videoOf(id)).url ?? '');
    await removeMedia(gateway.database, { olderThanMs: -1_000, limit: 1_000 });
    expect(await codeOf(await ask(`/v1/videos/${id}/content`))).toEqual([410, 'expired']);
    expect(await codeOf(await ask(`/v1/videos/${id}/content?variant=thumbnail`))).toEqual([410, 'expired']);
    expect(await codeOf(await ask(link.pathname + link.search))).toEqual([410, 'expired']);
    const video = await videoOf(id);
    expect(video).toMatchObject({ status: 'completed', url: null });
    expect(video.expires_at).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
    const view = await (await ask(`/v1/generations/${id}`)).json();
    expect(view).toMatchObject({ state: 'succeeded', results: [{ url: null, size_bytes: 1000 }] });
    expect((await ask(`/v1/videos/${id}`, {}, 'DELETE')).status).toBe(200);
    expect(await codeOf(await ask(link.pathname + link.search))).toEqual([404, 'not_found']);
    expect(await gateway.database.asset.count({ where: { generationId: ulid } })).toBe(0);
  });

  test('are a stranger’s never, gone or not', async () => {
    const { id } = await finished();
    await removeMedia(gateway.database, { olderThanMs: -1_000, limit: 1_000 });
    const stranger = await gateway.newClient();
    expect(await codeOf(await gateway.send(stranger, `/v1/videos/${id}/content`))).toEqual([404, 'not_found']);
  });
});

describe('media that are not stored', () => {
  const url = 'https://media.upstream.example.org/clip?signature=x';
  const media = [{ assetId: '01J00000000000000000000000', contentType: 'video/mp4', sizeBytes: 0, url }];

  test('have the upstream’s address, to which the content’s route leads too', async () => {
    const { id, ulid } = await accepted();
    await inTransaction(gateway.database, (tx) => endGeneration(tx, ulid, { state: 'succeeded', result: { media } }));
    expect(await videoOf(id)).toMatchObject({ status: 'completed', url, expires_at: null });
    const answer = await ask(`/v1/videos/${id}/content`);
    expect([answer.status, answer.headers.get('location'), await answer.text()]).toEqual([302, url, '']);
    expect(await codeOf(await ask(`/v1/videos/${id}/content?variant=thumbnail`))).toEqual([404, 'variant_unavailable']);
    const view = await (await ask(`/v1/generations/${id}`)).json();
    expect(view).toMatchObject({ results: [{ url, size_bytes: null }] });
  });
});
