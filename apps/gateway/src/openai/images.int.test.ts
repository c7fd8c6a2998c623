/** The images API, as the official SDK's users see it. */
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { type APIError, BadRequestError, NotFoundError, toFile } from 'openai';
import { fail, succeedWith } from '../testing/play-worker.js';
import { dataUri, samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let client: OpenAI;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'stream.recheckMs': 50, 'stream.keepAliveMs': 100, 'generation.waitMs': 60_000 },
  });
  key = await gateway.newClient();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
});
afterAll(() => gateway.close());

const soon = { timeoutMs: 30_000, intervalMs: 10 };

/** Ids of what a prompt made, in their order. */
async function rowsOf(prompt: string, count = 1): Promise<string[]> {
  let ids: string[] = [];
  await waitFor(async () => {
    const rows = await gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE request->>'prompt' = ${prompt} ORDER BY id`;
    ids = rows.map(({ id }) => id);
    return ids.length >= count;
  }, soon);
  return ids;
}

async function finish(id: string, bytes: Uint8Array = samplePng(36, 24)): Promise<Uint8Array> {
  await succeedWith(gateway, id, { media: [{ contentType: 'image/png', bytes, width: 360, height: 240 }] });
  return bytes;
}

const requestOf = async (id: string) =>
  (await gateway.database.generation.findUniqueOrThrow({ where: { id } })).request as Record<string, unknown>;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const download = async (url: string | undefined) => Buffer.from(await (await fetch(url ?? '')).arrayBuffer());

async function errorOf(act: Promise<unknown>): Promise<APIError & { error: Record<string, unknown> }> {
  return act.then(
    () => Promise.reject(new Error('nothing was raised')),
    (raised: unknown) => raised as APIError & { error: Record<string, unknown> },
  );
}

describe('an image', () => {
  test('is answered by its address, with what was made and not what was asked', async () => {
    const answer = client.images.generate({ prompt: 'a fox', size: '1536x1024', quality: 'high' });
    const [id] = await rowsOf('a fox');
    const bytes = await finish(id!);
    const { data, created, ...made } = await answer;
    expect(made).toMatchObject({
      output_format: 'png',
      size: '360x240',
      usage: { input_tokens: 2, output_tokens: 96 },
    });
    expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(3_600);
    expect(data).toEqual([{ url: expect.any(String) as string, generation_id: `rly_${id}` }]);
    expect((await download(data?.[0]?.url)).equals(bytes)).toBe(true);
    expect(await requestOf(id!)).toMatchObject({
      ...{ kind: 'image', model: 'gpt-image-landscape', orientation: 'landscape', asked: { size: '1536x1024' } },
    });
  });

  test('is base64 where that was asked, and nothing else', async () => {
    const answer = client.images.generate({ prompt: 'as base64', response_format: 'b64_json' });
    const bytes = await finish((await rowsOf('as base64'))[0]!);
    const { data } = await answer;
    expect(data).toEqual([{ b64_json: base64(bytes), generation_id: expect.any(String) as string }]);
  });

  test("of one of OpenAI's newer names is base64 unasked and nothing else, as at OpenAI", async () => {
    const answer = client.images.generate({ model: 'gpt-image-2', prompt: 'of the newer', size: '1024x1536' });
    const [id] = await rowsOf('of the newer');
    const bytes = await finish(id!);
    expect((await answer).data).toEqual([{ b64_json: base64(bytes), generation_id: `rly_${id}` }]);
    expect(await requestOf(id!)).toMatchObject({
      ...{ model: 'gpt-image-portrait', asked: { model: 'gpt-image-2', size: '1024x1536' } },
    });
  });

  test('of the name that clients take for one of those is base64 with its address beside it', async () => {
    const answer = client.images.generate({ model: 'gpt-image', prompt: 'of ours' });
    const bytes = await finish((await rowsOf('of ours'))[0]!);
    const [image] = (await answer).data ?? [];
    expect(image?.b64_json).toBe(base64(bytes));
    expect((await download(image?.url)).equals(bytes)).toBe(true);
  });

  test('that fails raises its reason, with the way back to it', async () => {
    const answer = errorOf(client.images.generate({ prompt: 'refused above' }));
    const [id] = await rowsOf('refused above');
    await fail(gateway, id!, { code: 'content_policy_violation', message: 'Refused.' });
    const error = await answer;
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({
      ...{ code: 'moderation_blocked', type: 'image_generation_user_error' },
      error: { generation_id: `rly_${id}` },
    });
  });

  test.each<[string, object, new (...given: never[]) => APIError, string, string]>([
    ['no prompt', {}, BadRequestError, 'missing_required_parameter', 'prompt'],
    ['a model that is none', { prompt: 'x', model: 'flux' }, NotFoundError, 'model_not_found', 'model'],
    ['eleven', { prompt: 'x', n: 11 }, BadRequestError, 'invalid_value', 'n'],
    ['a size of nonsense', { prompt: 'x', size: '7' }, BadRequestError, 'invalid_value', 'size'],
    ['a form of nonsense', { prompt: 'x', response_format: 'x' }, BadRequestError, 'invalid_value', 'response_format'],
  ])('is refused with %s, by name', async (_name, body, kind, code, param) => {
    const error = await errorOf(client.images.generate(body as { prompt: string }));
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code, param });
  });
});

describe('several images', () => {
  test('are as many generations of one request, and one answer in their order when all are there', async () => {
    const answer = client.images.generate({ prompt: 'three foxes', n: 3, response_format: 'b64_json' });
    const ids = await rowsOf('three foxes', 3);
    const files = [samplePng(3, 3), samplePng(2, 2), samplePng(1, 1)];
    for (const index of [2, 0, 1]) await finish(ids[index]!, files[index]);
    const { data, usage } = await answer;
    expect(data).toEqual(
      files.map((bytes, index) => ({ b64_json: base64(bytes), generation_id: `rly_${ids[index]}` })),
    );
    expect(usage?.output_tokens).toBe(3 * 96);
    const rows = await gateway.database.generation.findMany({ where: { id: { in: ids } } });
    expect(new Set(rows.map(({ groupId }) => groupId))).toEqual(new Set([ids[0]]));
  });

  test('of which one fails are answered by its error, which names them all: the others are kept', async () => {
    const answer = errorOf(client.images.generate({ prompt: 'two of three', n: 3 }));
    const ids = await rowsOf('two of three', 3);
    await finish(ids[0]!);
    await fail(gateway, ids[1]!, { code: 'upstream_failed', message: 'It broke.' });
    await finish(ids[2]!);
    const { code, error } = await answer;
    expect(code).toBe('upstream_failed');
    expect(error).toMatchObject({ generation_id: `rly_${ids[1]}`, generation_ids: ids.map((id) => `rly_${id}`) });
    const kept = await gateway.send(key, `/v1/generations/rly_${ids[2]}`);
    expect(await kept.json()).toMatchObject({
      group_id: `rly_${ids[0]}`,
      state: 'succeeded',
      results: [{ content_type: 'image/png' }],
    });
  });

  test('an Idempotency-Key makes them once, and finds them all again', async () => {
    const headers = { 'Idempotency-Key': 'a group' };
    const ask = (prompt: string, n: number) => client.images.generate({ prompt, n }, { headers });
    const answers = [ask('named foxes', 2), ask('named foxes', 2)];
    const ids = await rowsOf('named foxes', 2);
    for (const id of ids) await finish(id);
    answers.push(ask('named foxes', 2));
    for (const answer of answers) {
      expect((await answer).data).toMatchObject(ids.map((id) => ({ generation_id: `rly_${id}` })));
    }
    expect(await rowsOf('named foxes')).toEqual(ids);
    expect(await errorOf(ask('named foxes', 3))).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    await gateway.send(key, `/v1/generations/rly_${ids[1]}`, { method: 'DELETE' });
    expect(await errorOf(ask('named foxes', 2))).toMatchObject({ status: 404, code: 'not_found' });
  });

  test('a cancelled one is the end of the answer, not of the others', async () => {
    const answer = errorOf(client.images.generate({ prompt: 'one cancelled', n: 2 }));
    const [first, second] = await rowsOf('one cancelled', 2);
    await gateway.send(key, `/v1/generations/rly_${first}/cancel`, { method: 'POST' });
    await finish(second!);
    expect(await answer).toMatchObject({ code: 'cancelled', error: { generation_id: `rly_${first}` } });
  });
});

describe('an edit', () => {
  async function finishEdit(prompt: string): Promise<{ id: string; references: { bytes: Buffer }[] }> {
    const [id] = await rowsOf(prompt);
    await finish(id!);
    const assets = await gateway.database.asset.findMany({ where: { generationId: id!, role: 'reference' } });
    return { id: id!, references: assets.map(({ sizeBytes }) => ({ bytes: Buffer.alloc(Number(sizeBytes)) })) };
  }

  test("takes a file in the SDK's form, by its content and not its name", async () => {
    const png = samplePng(64, 48);
    const image = await toFile(png, 'upload', { type: 'application/octet-stream' });
    const answer = client.images.edit({ model: 'gpt-image-1', image, prompt: 'edit a file', n: 1 });
    const { references } = await finishEdit('edit a file');
    expect((await answer).data?.[0]?.b64_json).toEqual(expect.any(String));
    expect(references).toEqual([{ bytes: Buffer.alloc(png.length) }]);
  });

  test('takes JSON with a data URI', async () => {
    const png = samplePng(50, 40);
    const json = { prompt: 'edit of JSON', images: [{ image_url: dataUri('image/png', png) }], response_format: 'url' };
    const answer = gateway.send(key, '/v1/images/edits', { json });
    const { references } = await finishEdit('edit of JSON');
    expect(await (await answer).json()).toMatchObject({ data: [{ url: expect.any(String) as string }] });
    expect(references).toHaveLength(1);
  });

  test('several of one image have it each for themselves', async () => {
    const png = samplePng(30, 30);
    const image = await toFile(png, 'a.png', { type: 'image/png' });
    const answer = errorOf(client.images.edit({ image, prompt: 'edit twice', n: 2 }));
    const ids = await rowsOf('edit twice', 2);
    await finish(ids[1]!);
    await gateway.send(key, `/v1/generations/rly_${ids[0]}`, { method: 'DELETE' });
    expect(await answer).toMatchObject({ code: 'cancelled' });
    const [kept] = await gateway.database.asset.findMany({ where: { generationId: ids[1]!, role: 'reference' } });
    expect(kept).toMatchObject({ sizeBytes: BigInt(png.length), width: 30, height: 30 });
    expect(await gateway.database.looseFile.count({ where: { storageKey: kept?.storageKey ?? '' } })).toBe(0);
  });

  test.each<[string, object, string, string]>([
    ['a mask', { mask: true }, 'not_supported_by_model', 'mask'],
    ['no image', { image: undefined }, 'missing_required_parameter', 'image'],
  ])('is refused with %s, by name', async (_name, changes, code, param) => {
    const file = await toFile(samplePng(8, 8), 'a.png', { type: 'image/png' });
    const given = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value && file]));
    const error = await errorOf(client.images.edit({ image: file, prompt: 'x', ...given } as never));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code, param });
  });

  test('of more images than the model takes is refused by name', async () => {
    const file = await toFile(samplePng(8, 8), 'a.png', { type: 'image/png' });
    const error = await errorOf(client.images.edit({ image: [file, file], prompt: 'x' }));
    expect(error).toMatchObject({ status: 400, code: 'invalid_value', param: 'image[1]' });
  });
});
