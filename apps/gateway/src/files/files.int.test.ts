/** The Files API as the official SDK uses it, and files as references: what is kept, for whom, and how long. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { BadRequestError, NotFoundError, PermissionDeniedError, toFile } from 'openai';
import { sampleMp4, samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;
let client: OpenAI;
let stranger: OpenAI;

const mebibyte = 1024 * 1024;
const png = samplePng(32, 18);
const mp4 = sampleMp4(3 * mebibyte);
const soon = { timeoutMs: 20_000, intervalMs: 10 };

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'generation.waitMs': 50, 'reference.imagePixels': 1_000_000, 'files.ownerBytes': 8 * mebibyte },
  });
  key = await gateway.newClient('ada');
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
  stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: await gateway.newClient('bob'), maxRetries: 0 });
});

afterAll(() => gateway.close());

beforeEach(async () => {
  await gateway.database.$executeRaw`DELETE FROM file`;
});

const upload = async (bytes: Uint8Array, name = 'boat.png', of = client) =>
  of.files.create({ file: await toFile(bytes, name), purpose: 'vision' });

/** Uploads that nothing came of: each is due to be removed. */
const countGivenUp = () => gateway.database.looseFile.count({ where: { keepUntil: { lte: new Date() } } });
const filesInStore = async () =>
  (await readdir(gateway.storageDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .length;
const createVideo = (reference: unknown, of = key) =>
  gateway.send(of, '/v1/videos', { json: { prompt: 'a boat', input_reference: reference } });
const shownError = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; param: string; message: string } };
  return { status: response.status, ...error };
};

test('an uploaded file is shown, listed, read whole and in part, and deleted', async () => {
  const made = await upload(png, 'ein Böötchen.png');
  expect(made).toEqual({
    ...{ id: expect.stringMatching(/^file-[0-9A-Z]{26}$/), object: 'file', bytes: png.length, status: 'processed' },
    ...{ filename: 'ein Böötchen.png', purpose: 'vision', created_at: expect.any(Number) },
  });
  expect(await client.files.retrieve(made.id)).toEqual(made);
  const content = await client.files.content(made.id);
  expect(content.headers.get('content-type')).toBe('image/png');
  expect(content.headers.get('content-disposition')).toMatch(/^attachment/);
  expect(Buffer.from(await content.arrayBuffer())).toEqual(png);
  const part = await gateway.send(key, `/v1/files/${made.id}/content`, { headers: { range: 'bytes=1-3' } });
  expect([part.status, await part.text()]).toEqual([206, 'PNG']);
  expect(await client.files.waitForProcessing(made.id)).toEqual(made);
  expect(await client.files.delete(made.id)).toEqual({ id: made.id, object: 'file', deleted: true });
  await expect(client.files.retrieve(made.id)).rejects.toBeInstanceOf(NotFoundError);
  await expect(client.files.delete(made.id)).rejects.toBeInstanceOf(NotFoundError);
});

test('the list is paged by the SDK, newest first or oldest first, by purpose', async () => {
  const made: string[] = [];
  for (const side of [1, 2, 3, 4, 5]) made.push((await upload(samplePng(side, side))).id);
  const other = await client.files.create({ file: await toFile(samplePng(6, 6), 'a.png'), purpose: 'user_data' });
  const ids = async (query: OpenAI.FileListParams) => {
    const seen: string[] = [];
    for await (const { id } of client.files.list(query)) seen.push(id);
    return seen;
  };
  expect(await ids({ limit: 2, order: 'asc', purpose: 'vision' })).toEqual(made);
  expect(await ids({ limit: 4 })).toEqual([other.id, ...made.toReversed()]);
  const page = await (await gateway.send(key, '/v1/files?limit=2')).json();
  expect(page).toMatchObject({ object: 'list', first_id: other.id, last_id: made[4], has_more: true });
  const bad = await gateway.send(key, '/v1/files?limit=0');
  expect(await shownError(bad)).toMatchObject({ status: 400, code: 'invalid_value', param: 'limit' });
});

test('a life is given and shown, also where the purpose comes after the file', async () => {
  const expires = { anchor: 'created_at' as const, seconds: 3_600 };
  const made = await client.files.create({
    file: await toFile(png, 'a.png'),
    purpose: 'vision',
    expires_after: expires,
  });
  expect(made.expires_at).toBe(made.created_at + 3_600);
  const form = new FormData();
  form.set('file', new Blob([png]), 'upload');
  form.set('expires_after[anchor]', 'created_at');
  form.set('expires_after[seconds]', '7200');
  form.set('purpose', 'user_data');
  const last = (await (await gateway.send(key, '/v1/files', { body: form })).json()) as OpenAI.FileObject;
  expect(last).toMatchObject({ purpose: 'user_data', filename: 'upload', expires_at: last.created_at + 7_200 });
});

test('equal files are stored once, and each is there until it is deleted', async () => {
  const [first, second] = [await upload(mp4, 'a.mp4'), await upload(mp4, 'b.mp4')];
  expect(second.id).not.toBe(first.id);
  const sha256 = createHash('sha256').update(mp4).digest('hex');
  expect(await gateway.database.fileObject.count({ where: { sha256 } })).toBe(1);
  await client.files.delete(first.id);
  expect(Buffer.from(await (await client.files.content(second.id)).arrayBuffer()).equals(mp4)).toBe(true);
  // What was uploaded a second time is removed, as soon as its request is over.
  await waitFor(async () => (await countGivenUp()) >= 1, soon);
});

test('another owner’s file is one that never was, everywhere', async () => {
  const { id } = await upload(png);
  for (const ask of [
    () => stranger.files.retrieve(id),
    () => stranger.files.content(id),
    () => stranger.files.delete(id),
  ]) {
    const error = await ask().then(
      () => undefined,
      (failure: unknown) => failure as NotFoundError,
    );
    const unknown = await stranger.files
      .retrieve('file-01J00000000000000000000000')
      .catch((failure: NotFoundError) => failure);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error?.message.replace(id, 'ID')).toBe((unknown as NotFoundError).message.replace(/file-\w+/, 'ID'));
  }
  expect((await stranger.files.list()).data).toEqual([]);
  const strangersKey = await gateway.newClient('bob');
  const used = await shownError(await createVideo({ file_id: id }, strangersKey));
  const never = await shownError(await createVideo({ file_id: 'file-01J00000000000000000000000' }, strangersKey));
  expect(used).toMatchObject({ status: 404, code: 'not_found', param: 'input_reference.file_id' });
  expect(used.message.replace(id, 'ID')).toBe(never.message.replace(/file-\w+/, 'ID'));
});

test.each<[string, () => Buffer, RegExp]>([
  ['a text', () => Buffer.from('{"messages": []}\n'), /only images and videos are kept: send PNG/],
  ['a drawing', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /an SVG drawing/],
  ['a GIF', () => Buffer.from('GIF89a--------------'), /a GIF image/],
  ['an image of too many pixels', () => samplePng(1_001, 1_000), /1001 × 1000 pixels/],
  ['an image that is cut off', () => png.subarray(0, 20), /broken or cut off/],
  ['nothing', () => Buffer.alloc(0), /unknown type/],
])('%s is refused with a sentence, and does not stay in the store', async (_name, bytes, message) => {
  const [before, stored] = [await countGivenUp(), await gateway.database.fileObject.count()];
  const error = await upload(bytes(), 'photo.png').then(
    () => undefined,
    (failure: unknown) => failure as BadRequestError,
  );
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ code: 'invalid_reference', param: 'file' });
  expect(error?.message).toMatch(message);
  await waitFor(async () => (await countGivenUp()) === before + 1, soon);
  expect(await gateway.database.fileObject.count()).toBe(stored);
});

test('a purpose of no use here, and a form without a file, are refused by their field', async () => {
  await expect(client.files.create({ file: await toFile(png, 'a.png'), purpose: 'fine-tune' })).rejects.toMatchObject({
    ...{ status: 400, param: 'purpose', code: 'invalid_value' },
  });
  const form = new FormData();
  form.set('purpose', 'vision');
  expect(await shownError(await gateway.send(key, '/v1/files', { body: form }))).toMatchObject({
    ...{ status: 400, param: 'file', code: 'missing_required_parameter' },
  });
});

test('an owner’s files may take so much and no more; what is deleted makes room', async () => {
  const first = await upload(sampleMp4(4 * mebibyte), 'a.mp4');
  await upload(sampleMp4(3 * mebibyte), 'b.mp4');
  await expect(upload(sampleMp4(2 * mebibyte), 'c.mp4')).rejects.toBeInstanceOf(PermissionDeniedError);
  await expect(upload(sampleMp4(2 * mebibyte), 'c.mp4')).rejects.toMatchObject({ code: 'file_quota_exceeded' });
  await upload(sampleMp4(2 * mebibyte), 'c.mp4', stranger);
  await client.files.delete(first.id);
  await upload(sampleMp4(2 * mebibyte), 'c.mp4');
});

test('a file is a reference of a video, and outlives it; the video outlives the file', async () => {
  const { id } = await upload(png);
  const rows = [];
  for (const reference of [{ file_id: id }, { file_id: id.toLowerCase() }]) {
    const response = await createVideo(reference);
    const video = (await response.json()) as { id: string };
    expect(response.status).toBe(200);
    const where = { id: video.id.slice('video_'.length) };
    rows.push(await gateway.database.generation.findUniqueOrThrow({ where, include: { assets: true } }));
  }
  const [first, second] = rows;
  expect(first?.request).toMatchObject({
    references: [{ kind: 'image', contentType: 'image/png', sizeBytes: png.length }],
  });
  const storageKey = first?.assets[0]?.storageKey ?? '';
  expect(second?.assets).toMatchObject([{ storageKey, role: 'reference', ownerId: 'ada', width: 32, height: 18 }]);
  expect((await gateway.send(key, `/v1/videos/video_${first?.id}`, { method: 'DELETE' })).status).toBe(200);
  expect(Buffer.from(await (await client.files.content(id)).arrayBuffer())).toEqual(png);
  await client.files.delete(id);
  expect(await readFile(join(gateway.storageDir, storageKey))).toEqual(png);
});

test('a form of a video names a file as an SDK writes it, and equal bytes are the same request either way', async () => {
  const { id } = await upload(png);
  const video = await client.videos.create({
    prompt: 'same',
    input_reference: { file_id: id },
  } as OpenAI.VideoCreateParams);
  const other = await client.videos.create({ prompt: 'same', input_reference: await toFile(png, 'b.png') });
  const [named, sent] = await Promise.all(
    [video, other].map(({ id: of }) =>
      gateway.database.generation.findUniqueOrThrow({ where: { id: of.slice(6) }, include: { assets: true } }),
    ),
  );
  expect(named?.assets).toMatchObject([{ role: 'reference', contentType: 'image/png' }]);
  expect(sent?.requestHash).toBe(named?.requestHash);
});

test('a chat takes a file for what it is, and an image edit takes it too', async () => {
  const [image, video] = [await upload(png), await upload(mp4, 'a.mp4')];
  const part = (id: string) => ({ type: 'file', file: { file_id: id } });
  const model = 'sora2-landscape-10s';
  const chat = (content: unknown[]) => ({ model, messages: [{ role: 'user', content }] });
  const text = { type: 'text', text: 'a boat' };
  const edit = { model: 'gpt-image', prompt: 'a boat at night', images: [{ file_id: image.id }] };
  const asked: [string, object, { workflow: string; kind: string }][] = [
    ['/v1/chat/completions', chat([text, part(image.id)]), { workflow: 'video', kind: 'image' }],
    ['/v1/chat/completions', chat([part(video.id)]), { workflow: 'character', kind: 'video' }],
    ['/v1/images/edits', edit, { workflow: 'image', kind: 'image' }],
  ];
  for (const [path, json, expected] of asked) {
    const known = new Set((await gateway.database.generation.findMany({ select: { id: true } })).map(({ id }) => id));
    await gateway.send(key, path, { json });
    const made = (await gateway.database.generation.findMany({ include: { assets: true } })).filter(
      ({ id }) => !known.has(id),
    );
    expect(made).toHaveLength(1);
    const { workflow, kind } = expected;
    expect(made[0]?.request).toMatchObject({ workflow, references: [{ kind }] });
    expect(made[0]?.assets).toMatchObject([{ role: 'reference', ownerId: 'ada' }]);
  }
  const other = chat([text, part('file-01J00000000000000000000000')]);
  expect(await shownError(await gateway.send(key, '/v1/chat/completions', { json: other }))).toMatchObject({
    ...{ status: 404, code: 'not_found', param: 'messages[0].content[1].file.file_id' },
  });
});

test('a video where an image is needed is refused for what it is, named as sent', async () => {
  const { id } = await upload(mp4, 'a.mp4');
  const named = await shownError(await createVideo({ file_id: id }));
  const sent = client.videos.create({ prompt: 'a boat', input_reference: await toFile(mp4, 'a.mp4') });
  const message = expect.stringContaining('This is an MP4 video, and an image is needed here') as string;
  expect(named).toMatchObject({ status: 400, code: 'invalid_reference', param: 'input_reference.file_id', message });
  await expect(sent).rejects.toMatchObject({
    status: 400,
    code: 'invalid_reference',
    param: 'input_reference',
    message,
  });
});

test('a large upload is streamed from a disk to the store', async () => {
  const path = join(gateway.storageDir, 'source.mp4');
  const bytes = Buffer.concat([sampleMp4(0), randomBytes(6 * mebibyte)]);
  await writeFile(path, bytes);
  const made = await client.files.create({ file: createReadStream(path), purpose: 'vision' });
  expect(made.bytes).toBe(bytes.length);
  const content = Buffer.from(await (await client.files.content(made.id)).arrayBuffer());
  expect(content.equals(bytes)).toBe(true);
});

test('a client that leaves in the middle of its upload leaves nothing behind', async () => {
  const before = await filesInStore();
  const noted = await gateway.database.looseFile.count();
  const boundary = 'x';
  const sending = httpRequest(`${gateway.url}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
  sending.on('error', () => {});
  sending.write(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n`);
  sending.write(mp4);
  await waitFor(async () => (await filesInStore()) > before, soon);
  sending.destroy();
  await waitFor(async () => (await filesInStore()) === before, soon);
  await waitFor(async () => {
    const left = await gateway.database.looseFile.count({ where: { keepUntil: { gt: new Date() } } });
    return left <= noted;
  }, soon);
});
