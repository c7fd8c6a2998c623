import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { failGeneration } from '@reelay/db/generations/fail-generation';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { tinyMp4 } from '../testing/tiny-mp4.js';
import { finishMedia } from './finish.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let server: Server;
let worker: TestWorker;
let serve: RequestListener;
let mediaUrl: string;
const requested: string[] = [];

beforeAll(async () => {
  file = await openTestFile();
  server = createServer((request, response) => {
    requested.push(request.url ?? '');
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mediaUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await file.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(async () => {
  requested.length = 0;
  worker = await file.startWorker({ 'finish.attempts': 2, 'finish.retryMs': 100 }, mediaUrl);
  serve = (_request, response) => response.end(tinyMp4());
});

/** Rendered upstream, to be fetched from `path`. */
async function rendered(address = `${mediaUrl}/video`): Promise<string> {
  const tokenId = await insertToken(file.database);
  const assigned = await insertAssigned(file.database, { tokenId });
  await runGeneration(worker.parts, assigned, worker.context);
  for (const task of worker.upstream.tasks) task.state = 'done';
  worker.upstream.mediaSources = [{ url: address, kind: 'video' }];
  await pollToken(worker.parts, { tokenId }, worker.context);
  return assigned.generationId;
}
const finish = (generationId: string, parts = worker.parts) => finishMedia(parts, { generationId }, worker.context);
const generationOf = (id: string) => file.database.generation.findUniqueOrThrow({ where: { id } });
const assetsOf = (generationId: string) => file.database.asset.findMany({ where: { generationId } });
const storedOf = (generationId: string) => file.storage.stat(`results/${generationId}/0.mp4`);

describe('finishing', () => {
  it('stores the file, reads its facts and ends the generation with it', async () => {
    serve = (_request, response) => response.end(tinyMp4({ width: 360, height: 640, durationMs: 10_000 }));
    const id = await rendered();
    expect(await finish(id)).toBeUndefined();
    const [asset] = await assetsOf(id);
    const sizeBytes = tinyMp4().length;
    expect(asset).toMatchObject({ role: 'result', ordinal: 0, width: 360, height: 640, durationMs: 10_000 });
    expect(await storedOf(id)).toEqual({ sizeBytes });
    const facts = { contentType: 'video/mp4', sizeBytes, width: 360, height: 640, durationMs: 10_000 };
    expect(await generationOf(id)).toMatchObject({
      state: 'succeeded',
      result: { media: [{ assetId: asset?.id, ...facts }] },
    });
    expect(worker.published.at(-1)).toMatchObject({ type: 'generation.succeeded' });
  });

  it('repeated by any worker does nothing twice', async () => {
    const id = await rendered();
    await Promise.all([finish(id), finish(id, worker.sibling())]);
    await finish(id);
    expect(await assetsOf(id)).toHaveLength(1);
    expect(worker.published.filter((event) => event.type === 'generation.succeeded')).toHaveLength(1);
    expect(requested.length).toBeLessThanOrEqual(2);
  });

  it('leaves what is not to be fetched alone', async () => {
    const id = await rendered();
    await failGeneration(file.database, id, { code: 'cancelled', message: 'x' });
    expect(await finish(id)).toBeUndefined();
    expect(await finish('none')).toBeUndefined();
    expect(requested).toEqual([]);
  });

  it.each([403, 404, 410])('asks for fresh addresses when the old one answers %i', async (status) => {
    const id = await rendered(`${mediaUrl}/old`);
    worker.upstream.mediaSources = [{ url: `${mediaUrl}/fresh`, kind: 'video' }];
    serve = (request, response) => {
      response.statusCode = request.url === '/old' ? status : 200;
      response.end(request.url === '/old' ? 'gone' : tinyMp4());
    };
    expect(await finish(id)).toBeUndefined();
    expect(requested).toEqual(['/old', '/fresh']);
    expect((await generationOf(id)).state).toBe('succeeded');
  });

  it('keeps nothing of a generation that ends while its media come in', async () => {
    const id = await rendered();
    serve = (_request, response) => {
      void failGeneration(file.database, id, { code: 'cancelled', message: 'x' }).then(() => response.end(tinyMp4()));
    };
    expect(await finish(id)).toBeUndefined();
    expect(await storedOf(id)).toBeUndefined();
    expect((await generationOf(id)).state).toBe('failed');
  });

  it('drops the files of a generation that ended just before its result was written', async () => {
    const id = await rendered();
    const fail = () => failGeneration(file.database, id, { code: 'cancelled', message: 'x' });
    const { storage } = worker.parts;
    const put: typeof storage.put = async (key, source) => {
      const stored = await storage.put(key, source);
      await fail();
      return stored;
    };
    const late = {
      put,
      open: storage.open.bind(storage),
      stat: storage.stat.bind(storage),
      delete: storage.delete.bind(storage),
    };
    await finish(id, { ...worker.parts, storage: late });
    expect(await storedOf(id)).toBeUndefined();
    expect(await assetsOf(id)).toEqual([]);
  });

  it('waits without counting while there is no credential for the account', async () => {
    const id = await rendered();
    worker.credentials.isAvailable = false;
    for (let round = 0; round < 5; round += 1) expect(await finish(id)).toBeDefined();
    expect(await generationOf(id)).toMatchObject({ stage: 'fetching', finishTries: 0 });
    worker.credentials.isAvailable = true;
    await finish(id);
    expect((await generationOf(id)).state).toBe('succeeded');
  });
});

describe('where media are not stored', () => {
  beforeEach(async () => {
    worker = await file.startWorker({ 'media.store': false, 'finish.attempts': 2, 'finish.retryMs': 100 }, mediaUrl);
  });

  it('the generation ends with the upstream’s own address, and nothing is fetched or kept', async () => {
    const id = await rendered();
    expect(await finish(id)).toBeUndefined();
    const media = { contentType: 'video/mp4', sizeBytes: 0, url: `${mediaUrl}/video`, assetId: expect.any(String) };
    expect(await generationOf(id)).toMatchObject({ state: 'succeeded', result: { media: [media] } });
    expect(worker.published.at(-1)).toMatchObject({ type: 'generation.succeeded' });
    expect(requested).toEqual([]);
    expect(await assetsOf(id)).toEqual([]);
    expect(await file.database.looseFile.count({ where: { generationId: id } })).toBe(0);
  });

  it('an address that leads elsewhere is not passed on: fresh ones are asked for', async () => {
    const id = await rendered('https://elsewhere.example.org/video');
    worker.upstream.mediaSources = [{ url: `${mediaUrl}/fresh`, kind: 'video' }];
    expect(await finish(id)).toBeUndefined();
    expect(await generationOf(id)).toMatchObject({ result: { media: [{ url: `${mediaUrl}/fresh` }] } });
  });

  it('a generation whose addresses all lead elsewhere fails', async () => {
    const id = await rendered('https://elsewhere.example.org/video');
    expect(await finish(id)).toBeDefined();
    await finish(id);
    expect(await generationOf(id)).toMatchObject({ state: 'failed', error: { code: 'media_unavailable' } });
  });
});

describe('media that cannot be fetched', () => {
  const refusals: [string, RequestListener][] = [
    ['are gone, at fresh addresses too', (_request, response) => void response.writeHead(404).end()],
    ['are no video', (_request, response) => void response.end('<html>not a video at all</html>')],
    ['are empty', (_request, response) => void response.end()],
    ['have no header', (_request, response) => void response.end(tinyMp4().subarray(0, 40))],
  ];

  it.each(refusals)('because they %s are tried again, then the generation fails', async (_name, answer) => {
    serve = answer;
    const id = await rendered();
    expect((await finish(id))?.againInMs).toBeGreaterThan(50);
    expect(await generationOf(id)).toMatchObject({ stage: 'fetching', finishTries: 1 });
    expect(await finish(id)).toBeUndefined();
    expect(await generationOf(id)).toMatchObject({ state: 'failed', error: { code: 'media_unavailable' } });
    expect(await assetsOf(id)).toEqual([]);
    expect(await storedOf(id)).toBeUndefined();
  });

  const outages: [string, RequestListener][] = [
    ['the server has trouble', (_request, response) => void response.writeHead(503).end()],
    ['the connection is reset', (request) => void request.socket.resetAndDestroy()],
    [
      'they are cut short',
      (_request, response) => {
        const whole = tinyMp4({ header: 'first', mediaBytes: 100_000 });
        response.writeHead(200, { 'content-length': whole.length });
        response.write(whole.subarray(0, 50_000), () => response.destroy());
      },
    ],
  ];

  it.each(outages)('because %s are tried until the deadline: they are paid for', async (_name, answer) => {
    serve = answer;
    const id = await rendered();
    for (let round = 0; round < 4; round += 1) expect(await finish(id)).toBeDefined();
    expect(await generationOf(id)).toMatchObject({ stage: 'fetching', finishTries: 4, mediaRefusals: 0 });
    serve = (_request, response) => response.end(tinyMp4());
    await finish(id);
    expect((await generationOf(id)).state).toBe('succeeded');
  });

  it('because our own store is away are tried until the deadline', async () => {
    const id = await rendered();
    const { storage } = worker.parts;
    const away = {
      put: () => Promise.reject(new Error('ENOSPC: no space left on device')),
      open: storage.open.bind(storage),
      stat: storage.stat.bind(storage),
      delete: storage.delete.bind(storage),
    };
    for (let round = 0; round < 4; round += 1) {
      expect(await finish(id, { ...worker.parts, storage: away })).toBeDefined();
    }
    await finish(id);
    expect((await generationOf(id)).state).toBe('succeeded');
  });

  it('are there at the second try', async () => {
    let isFirst = true;
    serve = (_request, response) => {
      response.statusCode = isFirst ? 500 : 200;
      response.end(isFirst ? '' : tinyMp4());
      isFirst = false;
    };
    const id = await rendered();
    expect(await finish(id)).toBeDefined();
    await finish(id);
    expect((await generationOf(id)).state).toBe('succeeded');
  });

  it('are not looked for on hosts that the target does not allow', async () => {
    const id = await rendered('http://localhost:1/video');
    expect(await finish(id)).toBeDefined();
    expect(await generationOf(id)).toMatchObject({ finishTries: 1 });
    expect(requested).toEqual([]);
  });
});
