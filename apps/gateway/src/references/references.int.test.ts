/** Images and videos of requests: what is kept, what is refused, and that nothing is written for what is refused. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import { dataUri, sampleMp4, samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let files: http.Server;
let filesUrl: string;
let fetched: string[];
let answerSlowly: (() => void) | undefined;
let gateway: TestGateway;
let key: string;

const imageBytes = 64 * 1024;
const videoBytes = 128 * 1024;
const png = samplePng(32, 18);
const mp4 = sampleMp4();

beforeAll(async () => {
  files = http.createServer((request, response) => {
    fetched.push(request.url ?? '');
    if (request.url === '/a.png') return response.setHeader('content-type', 'text/plain').end(png);
    if (request.url === '/a.mp4') return response.end(mp4);
    if (request.url === '/large.mp4') return response.end(sampleMp4(videoBytes));
    if (request.url === '/page.png') return response.setHeader('content-type', 'image/png').end('<!doctype html>');
    if (request.url === '/silent.png') return undefined;
    if (request.url === '/slow.png') {
      answerSlowly = () => response.end(png);
      return undefined;
    }
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  const { port } = files.address() as AddressInfo;
  filesUrl = `http://127.0.0.1:${port}`;
  gateway = await openTestGateway({
    configuration: { FETCH_ALLOW: [`127.0.0.1:${port}`] },
    settings: {
      ...{ 'generation.waitMs': 50, 'stream.recheckMs': 50, 'reference.fetchMs': 1_000 },
      ...{ 'reference.imageBytes': imageBytes, 'reference.videoBytes': videoBytes },
    },
  });
  key = await gateway.newClient('owner');
});

beforeEach(() => {
  fetched = [];
});

afterAll(async () => {
  files.closeAllConnections();
  files.close();
  await gateway.close();
});

const image = (url: unknown) => ({ type: 'image_url', image_url: url });
const video = (url: string) => ({ type: 'video_url', video_url: { url } });
const text = (words: string) => ({ type: 'text', text: words });
const model = 'sora2-landscape-10s';

function ask(content: unknown, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  const json = { model, messages: [{ role: 'user', content }], ...more };
  return gateway.send(key, '/v1/chat/completions', { json, headers });
}

/** Accepted: the answer that it goes on names the generation. */
async function accept(content: unknown, more: object = {}, headers: Record<string, string> = {}) {
  const response = await ask(content, more, headers);
  const body = (await response.json()) as { error: { code: string; generation_id?: string } };
  expect([response.status, body.error.code]).toEqual([504, 'still_running']);
  const id = body.error.generation_id?.slice('chatcmpl-'.length) ?? '';
  return gateway.database.generation.findUniqueOrThrow({ where: { id }, include: { assets: true } });
}

const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; param: string; message: string } };
  return { status: response.status, ...error };
};
const soon = { timeoutMs: 20_000, intervalMs: 10 };
/** References that no generation has. */
const countUnused = () => gateway.database.asset.count({ where: { role: 'reference', generationId: null } });
const counts = async () => [await gateway.database.generation.count(), await gateway.database.asset.count()];

test.each<[string, () => unknown[], object]>([
  ['a data URI in an object', () => [text('a'), image({ url: dataUri('image/png', png) })], {}],
  ['a data URI as a string', () => [text('a'), image(dataUri('image/jpeg', png))], {}],
  ['an address', () => [text('a'), image({ url: `${filesUrl}/a.png` })], {}],
  ['base64 in the field', () => [text('a')], { image: png.toString('base64') }],
])('an image as %s is stored whole, measured, and linked to its generation', async (_name, content, more) => {
  const row = await accept(content(), more);
  const [asset] = row.assets;
  expect(row.request).toMatchObject({
    workflow: 'video',
    references: [{ assetId: asset?.id, kind: 'image', contentType: 'image/png', sizeBytes: png.length }],
  });
  const sha256 = createHash('sha256').update(png).digest('hex');
  expect(asset).toMatchObject({ role: 'reference', ownerId: 'owner', width: 32, height: 18, sha256 });
  expect(await readFile(join(gateway.storageDir, asset?.storageKey ?? ''))).toEqual(png);
});

test.each<[string, () => unknown[], object]>([
  ['a data URI', () => [video(dataUri('video/mp4', mp4))], {}],
  ['an address', () => [video(`${filesUrl}/a.mp4`)], {}],
  ['base64 in the field', () => [], { video: mp4.toString('base64') }],
  ['an address in the field', () => [], { video: '' }],
])('a video as %s makes a character', async (_name, content, more) => {
  const row = await accept(content(), 'video' in more && more.video === '' ? { video: `${filesUrl}/a.mp4` } : more);
  expect(row).toMatchObject({ kind: 'character', lane: 'sora:character:any:sora2' });
  expect(row.request).toMatchObject({ workflow: 'character', prompt: '', references: [{ kind: 'video' }] });
  expect(row.assets).toMatchObject([{ role: 'reference', contentType: 'video/mp4', sizeBytes: BigInt(mp4.length) }]);
});

test.each<[string, () => unknown[], object, string, string, RegExp]>([
  [
    'bad base64',
    () => [text('a'), image(dataUri('image/png', png).slice(0, -3))],
    {},
    'invalid_reference',
    'messages[0].content[1].image_url',
    /base64/,
  ],
  [
    'a placeholder that was left in',
    () => [text('a'), image({ url: 'data:image/png;base64,<base64_encoded_image_data>' })],
    {},
    'invalid_reference',
    'messages[0].content[1].image_url',
    /base64/,
  ],
  [
    'an image that is broken',
    () => [text('a'), image(dataUri('image/png', png.subarray(0, 20)))],
    {},
    'invalid_reference',
    'messages[0].content[1].image_url',
    /broken/,
  ],
  [
    'a video where an image belongs',
    () => [text('a')],
    { image: mp4.toString('base64') },
    'invalid_reference',
    'image',
    /MP4/,
  ],
  [
    'an image where a video belongs',
    () => [video(dataUri('video/mp4', png))],
    {},
    'invalid_reference',
    'messages[0].content[0].video_url',
    /PNG/,
  ],
  [
    'an image that is too large',
    () => [text('a'), image(dataUri('image/png', Buffer.concat([png, Buffer.alloc(imageBytes)])))],
    {},
    'invalid_reference',
    'messages[0].content[1].image_url',
    /at most/,
  ],
  [
    'a page under the name of an image',
    () => [text('a'), image(`${filesUrl}/page.png`)],
    {},
    'invalid_reference',
    'messages[0].content[1].image_url',
    /web page/,
  ],
  [
    'an address with nothing behind it',
    () => [text('a'), image(`${filesUrl}/none.png`)],
    {},
    'reference_unavailable',
    'messages[0].content[1].image_url',
    /404/,
  ],
  [
    'an address that does not answer',
    () => [text('a'), image(`${filesUrl}/silent.png`)],
    {},
    'reference_unavailable',
    'messages[0].content[1].image_url',
    /too long/,
  ],
  [
    'an address of a video that is too large',
    () => [video(`${filesUrl}/large.mp4`)],
    {},
    'reference_unavailable',
    'messages[0].content[0].video_url',
    /larger than/,
  ],
  [
    'an address inside',
    () => [text('a'), image('http://127.0.0.1:1/a.png')],
    {},
    'reference_unavailable',
    'messages[0].content[1].image_url',
    /public/,
  ],
  [
    'the address of a cloud',
    () => [text('a'), image('http://169.254.169.254/latest/meta-data')],
    {},
    'reference_unavailable',
    'messages[0].content[1].image_url',
    /public/,
  ],
  [
    'a file of ours',
    () => [text('a'), image('file:///etc/passwd')],
    {},
    'invalid_reference',
    'messages[0].content[1].image_url',
    /address/,
  ],
])('%s is refused by its name, and nothing is written', async (_name, content, more, code, param, message) => {
  const before = await counts();
  for (const stream of [false, true]) {
    const error = await refusal(await ask(content(), { ...more, stream }));
    expect(error).toMatchObject({ status: 400, code, param, message: expect.stringMatching(message) as string });
  }
  expect(await counts()).toEqual(before);
});

test('media of earlier messages are not looked at', async () => {
  const messages = [
    { role: 'user', content: [text('old'), image('https://192.168.0.1/a.png')] },
    { role: 'assistant', content: 'made' },
    { role: 'user', content: 'new' },
  ];
  expect((await accept('', { messages })).request).toMatchObject({ prompt: 'new', references: [] });
});

test('requests with equal bytes are the same, however they are wrapped; other bytes are another request', async () => {
  const base64 = png.toString('base64');
  const wrapped = base64.replace(/.{20}/g, '$&\n');
  const [first, second, third] = [
    await accept([text('b'), image(`data:image/png;base64,${base64}`)]),
    await accept([text('b'), image(`data:image/x-png;base64,${wrapped}`)]),
    await accept([text('b'), image(dataUri('image/png', samplePng(9, 9)))]),
  ];
  expect(second?.requestHash).toBe(first?.requestHash);
  expect(third?.requestHash).not.toBe(first?.requestHash);
});

test("an SDK's retry gets the generation of its first try, although the address is not fetched again", async () => {
  const content = [text('c'), image(`${filesUrl}/a.png`)];
  const first = await accept(content);
  const retried = await accept(content, {}, { 'x-stainless-retry-count': '1' });
  expect([retried.id, fetched]).toEqual([first.id, ['/a.png']]);
});

test('an Idempotency-Key gives the same generation, although the address is gone by then', async () => {
  const content = [text('d'), video(`${filesUrl}/a.mp4`)];
  const headers = { 'idempotency-key': 'once' };
  const first = await accept(content, {}, headers);
  fetched = [];
  expect([(await accept(content, {}, headers)).id, fetched]).toEqual([first.id, []]);
  const other = await ask([text('e'), video(`${filesUrl}/a.mp4`)], {}, headers);
  expect(await refusal(other)).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
});

test('nothing is fetched for a model that nobody could serve', async () => {
  const lane = 'sora:video:pro:sora2';
  const state = { tokens: 0, simulated: 0, freeSlots: 0, waiting: 0, reason: 'no account with plan pro' };
  await gateway.database.laneState.create({ data: { lane, ...state } });
  const response = await ask([text('f'), image(`${filesUrl}/a.png`)], { model: 'sora2pro-landscape-10s' });
  const message = expect.stringContaining('(no account with plan pro)') as string;
  expect(await refusal(response)).toMatchObject({ status: 403, code: 'model_not_available', param: 'model', message });
  expect(fetched).toEqual([]);
});

test('what a client leaves behind while its address is fetched is not accepted', async () => {
  const leaving = new AbortController();
  const json = { model, messages: [{ role: 'user', content: [text('g'), image(`${filesUrl}/slow.png`)] }] };
  const left = gateway.send(key, '/v1/chat/completions', { json, signal: leaving.signal }).catch(() => 'left');
  await waitFor(() => answerSlowly !== undefined, soon);
  const unused = await countUnused();
  leaving.abort();
  expect(await left).toBe('left');
  await waitFor(() => gateway.logLines.some((line) => line.includes('"isCutShort":true')), soon);
  answerSlowly?.();
  await waitFor(async () => (await countUnused()) === unused + 1, soon);
  await accept('meanwhile');
  expect(await countUnused()).toBe(unused + 1);
});

test('a form of /v1/videos takes an address as an SDK writes it', async () => {
  const body = new FormData();
  body.set('prompt', 'a boat');
  body.set('input_reference[image_url]', `${filesUrl}/a.png`);
  const response = await gateway.send(key, '/v1/videos', { body });
  const { id } = (await response.json()) as { id: string };
  const row = await gateway.database.generation.findUniqueOrThrow({ where: { id: id.slice('video_'.length) } });
  expect(row.request).toMatchObject({ workflow: 'video', references: [{ kind: 'image', contentType: 'image/png' }] });
});
