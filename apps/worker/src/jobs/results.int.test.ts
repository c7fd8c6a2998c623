import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MediaSource } from '@reelay/contracts/provider';
import { insertReference } from '@reelay/db/assets/insert-reference';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { openTestFile, type TestFile, type TestWorker } from '../testing/test-worker.js';
import { tinyJpeg, tinyPng, tinyWebp } from '../testing/tiny-images.js';
import { tinyMp4 } from '../testing/tiny-mp4.js';
import { sweepReferences } from '../timers/sweep-references.js';
import { finishMedia } from './finish.js';
import { pollToken } from './poll.js';
import { runGeneration } from './run.js';

let file: TestFile;
let server: Server;
let worker: TestWorker;
let tokenId: string;
let served: Buffer | undefined;
let mediaUrl: string;

beforeAll(async () => {
  file = await openTestFile();
  server = createServer((_request, response) => {
    response.statusCode = served ? 200 : 503;
    response.end(served);
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
  worker = await file.startWorker({ 'finish.attempts': 2, 'finish.retryMs': 10 }, mediaUrl);
  tokenId = await insertToken(file.database);
  served = undefined;
});

type Work = { generationId: string };
const image = { kind: 'image' as const, workflow: 'image' as const };
const character = { kind: 'character' as const, workflow: 'character' as const };
const enhance = { kind: 'enhance' as const, workflow: 'enhance' as const };
const begin = (request: object) => insertAssigned(file.database, { tokenId, prompt: 'a cat', request });
const run = ({ generationId }: Work) => runGeneration(worker.parts, { generationId }, worker.context);
const poll = () => pollToken(worker.parts, { tokenId }, worker.context);
const finish = ({ generationId }: Work) => finishMedia(worker.parts, { generationId }, worker.context);
const generationOf = ({ generationId }: Work) =>
  file.database.generation.findUniqueOrThrow({ where: { id: generationId } });
const slots = () => file.database.tokenSlot.findMany({ where: { tokenId } });
const upstreamIsDone = () => {
  for (const task of worker.upstream.tasks) task.state = 'done';
};
const willDeliver = (kind: MediaSource['kind']) => {
  worker.upstream.mediaSources = [{ url: `${mediaUrl}/media`, kind }];
};
/** Upstream it is done; its media are to be fetched. */
async function rendered(request: object, kind: MediaSource['kind']): Promise<Work> {
  const one = await begin(request);
  willDeliver(kind);
  await run(one);
  upstreamIsDone();
  await poll();
  return one;
}

describe('an image', () => {
  it.each([
    ['png', 'image/png', tinyPng(360, 540)],
    ['jpg', 'image/jpeg', tinyJpeg(360, 540)],
    ['webp', 'image/webp', tinyWebp(360, 540)],
  ])('that comes as %s is stored and told as what it is, with its size', async (extension, contentType, bytes) => {
    served = bytes;
    const one = await rendered(image, 'image');
    await finish(one);
    const { result, state } = await generationOf(one);
    expect(state).toBe('succeeded');
    const facts = { contentType, sizeBytes: bytes.length, width: 360, height: 540 };
    expect(result).toEqual({ media: [{ assetId: expect.any(String), ...facts }] });
    const key = `results/${one.generationId}/0.${extension}`;
    expect(await file.storage.stat(key)).toEqual({ sizeBytes: bytes.length });
    expect(await file.database.asset.findMany({ where: { generationId: one.generationId } })).toMatchObject([
      { storageKey: key, durationMs: null },
    ]);
  });

  it('holds a slot for images only while it is made, and leaves no draft', async () => {
    const one = await begin(image);
    expect(await slots()).toMatchObject([{ kind: 'image' }]);
    await run(one);
    expect(await slots()).toMatchObject([{ kind: 'image' }]);
    upstreamIsDone();
    await poll();
    expect(await slots()).toEqual([]);
  });

  it.each<[string, MediaSource['kind'], object, () => Buffer]>([
    ['a video where an image was promised', 'image', image, () => tinyMp4()],
    ['an image where a video was promised', 'video', {}, () => tinyPng(10, 10)],
    ['an image without a size', 'image', image, () => tinyPng(10, 10).subarray(0, 20)],
    ['a picture of more than 64 MiB', 'image', image, () => Buffer.concat([tinyPng(10, 10), Buffer.alloc(2 ** 26)])],
    ['a page of text', 'image', image, () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ])('is never %s', async (_name, kind, request, bytes) => {
    served = bytes();
    const one = await rendered(request, kind);
    expect(await finish(one)).toBeDefined();
    await finish(one);
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'media_unavailable' } });
    for (const extension of ['mp4', 'png', 'jpg', 'webp']) {
      expect(await file.storage.stat(`results/${one.generationId}/0.${extension}`)).toBeUndefined();
    }
  });

  it('is given up after the time an image may take, not after that of a video', async () => {
    worker = await file.startWorker({ 'render.imageMaximumMs': 1_000 });
    const [picture, video] = [await begin(image), await begin({})];
    for (const one of [picture, video]) await run(one);
    const sentAt = new Date(Date.now() - 2_000);
    await file.database.submitAttempt.updateMany({ where: { tokenId }, data: { sentAt } });
    await poll();
    expect((await generationOf(picture)).state).toBe('failed');
    expect((await generationOf(video)).state).toBe('running');
  });
});

describe('a character', () => {
  const made = async () => {
    const one = await begin(character);
    willDeliver('image');
    for (let step = 1; step <= 2; step += 1) {
      await run(one);
      upstreamIsDone();
      await poll();
    }
    return one;
  };

  it('is told with its name and picture', async () => {
    served = tinyWebp(512, 512);
    const one = await made();
    expect(await generationOf(one)).toMatchObject({ stage: 'fetching', extras: { character: { username: 'name-2' } } });
    await finish(one);
    expect(await generationOf(one)).toMatchObject({
      ...{ state: 'succeeded', extras: null },
      result: {
        media: [{ contentType: 'image/webp', width: 512 }],
        character: { username: 'name-2', displayName: 'Ada', cameoId: 'finalize-2' },
      },
    });
    expect(await file.database.upstreamLitter.count({ where: { tokenId } })).toBe(0);
  });

  it('whose picture cannot be had is told by its name: it is made and can be used', async () => {
    const one = await made();
    expect(await finish(one)).toBeDefined();
    await finish(one);
    expect(await generationOf(one)).toMatchObject({
      ...{ state: 'succeeded', result: { media: [], character: { username: 'name-2' } } },
    });
  });

  it('is given up after the time a character may take', async () => {
    worker = await file.startWorker({ 'render.characterMaximumMs': 0 });
    const one = await begin(character);
    await run(one);
    await poll();
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'upstream_timeout' } });
  });
});

describe('a prompt that is enhanced', () => {
  it('is text from beginning to end: no slot, no turn, no media, no account once it is written', async () => {
    const one = await begin(enhance);
    expect(await slots()).toEqual([]);
    await run(one);
    expect(worker.upstream.calls.list).toBe(0);
    expect(await poll()).toBeUndefined();
    expect(worker.bells.of('finish')).toEqual([{ generationId: one.generationId }]);
    worker.credentials.isAvailable = false;
    await Promise.all([finish(one), finish(one)]);
    expect(await generationOf(one)).toMatchObject({
      ...{ state: 'succeeded', progress: 100, result: { media: [], text: 'more a cat' } },
    });
    expect(worker.published.filter((event) => event.type === 'generation.succeeded')).toHaveLength(1);
    expect(worker.upstream.calls.media).toBe(0);
  });
});

describe('a reference', () => {
  const storageKey = () => `references/${randomUUID()}.png`;
  async function withReference(key: string): Promise<Work & { attemptId: string }> {
    const assetId = randomUUID();
    const facts = { contentType: 'image/png', sizeBytes: 5 };
    const references = [{ assetId, kind: 'image' as const, ...facts }];
    const one = await begin({ references });
    await insertReference(file.database, {
      id: assetId,
      ownerId: 'owner-of-tests',
      storageKey: key,
      sha256: 'ab',
      ...facts,
    });
    await file.database.asset.update({ where: { id: assetId }, data: { generationId: one.generationId } });
    return one;
  }
  async function* bytes() {
    yield Buffer.from('bytes');
  }

  it('reaches the adaptor as it was stored', async () => {
    const key = storageKey();
    await file.storage.put(key, bytes());
    await run(await withReference(key));
    expect(worker.upstream.steps[0]).toMatchObject({ call: 'prepare', references: ['bytes'] });
  });

  it('that is gone ends the generation at once, because it does not come back', async () => {
    const one = await withReference(storageKey());
    await run(one);
    expect(await generationOf(one)).toMatchObject({ state: 'failed', error: { code: 'media_unavailable' } });
    expect(worker.upstream.calls.submit).toBe(0);
    expect(await slots()).toEqual([]);
  });

  it('that nothing came to use is removed with its file', async () => {
    worker = await file.startWorker({ 'reference.sweepMs': 60_000 });
    const [old, young] = [storageKey(), storageKey()];
    const facts = { ownerId: 'owner-of-tests', contentType: 'image/png', sizeBytes: 5, sha256: 'ab' };
    for (const key of [old, young]) {
      await file.storage.put(key, bytes());
      await insertReference(file.database, { id: key, storageKey: key, ...facts });
    }
    await file.database.asset.update({ where: { id: old }, data: { createdAt: new Date(Date.now() - 61_000) } });
    await sweepReferences(worker.parts, worker.context.log, worker.context.signal);
    expect(await file.storage.stat(old)).toBeUndefined();
    expect(await file.storage.stat(young)).toBeDefined();
    expect(await file.database.asset.count({ where: { id: { in: [old, young] } } })).toBe(1);
    expect(await file.database.looseFile.count({ where: { storageKey: old } })).toBe(0);
  });
});
