/** Requests as other clients than the official SDKs write them: LiteLLM, new-api, n8n, Open WebUI and what people put in their settings. */
import { waitFor } from '@reelay/testing/wait-for';
import { succeed, succeedWith } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'stream.recheckMs': 50, 'generation.waitMs': 60_000 },
  });
  key = await gateway.newClient();
});
afterAll(() => gateway.close());

const soon = { timeoutMs: 30_000, intervalMs: 10 };
const bodyOf = async <Body = Record<string, unknown>>(answer: Response | Promise<Response>) =>
  (await (await answer).json()) as Body;

function formOf(fields: Record<string, string | Blob>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

/** The id of what a prompt made, when it is there. */
async function rowOf(prompt: string): Promise<string> {
  let id: string | undefined;
  await waitFor(async () => {
    const rows = await gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE request->>'prompt' = ${prompt}`;
    id = rows[0]?.id;
    return id !== undefined;
  }, soon);
  return id ?? '';
}

async function paint(prompt: string): Promise<string> {
  const bytes = samplePng(36, 24);
  await succeedWith(gateway, await rowOf(prompt), { media: [{ contentType: 'image/png', bytes }] });
  return Buffer.from(bytes).toString('base64');
}

describe('a base URL', () => {
  test.each(['/v1//models', '//v1/models', '/v1/models/', '/v1//models//?x=1'])(
    'with a slash too many is the same door: %s',
    async (path) => {
      const { object } = await bodyOf(gateway.send(key, path));
      expect(object).toBe('list');
      expect((await gateway.send(undefined, path)).status).toBe(401);
      const headers = { origin: 'https://app.example.org' };
      const { headers: given } = await gateway.send(key, path, { headers });
      expect(given.get('access-control-allow-origin')).toBe('*');
    },
  );

  test('with a slash too many reaches what stands behind ids as well', async () => {
    const { id } = await bodyOf(gateway.send(key, '/v1//videos/', { json: { prompt: 'behind slashes' } }));
    await succeed(gateway, await rowOf('behind slashes'));
    expect(await bodyOf(gateway.send(key, `/v1//videos/${id as string}/`))).toMatchObject({ id, status: 'completed' });
    expect((await gateway.send(key, `/v1/videos/${id as string}/content/`)).status).toBe(200);
    expect((await gateway.send(key, '/v1//videos/', { method: 'PUT' })).status).toBe(405);
  });
});

describe('videos', () => {
  test("are made from n8n's form and from LiteLLM's JSON, with its `user`", async () => {
    const body = formOf({ model: 'sora-2', prompt: 'a cat', seconds: '4', size: '1280x720' });
    expect(await bodyOf(gateway.send(key, '/v1/videos', { body }))).toMatchObject({ model: 'sora2-landscape-10s' });
    const json = { model: 'sora-2', prompt: 'a dog', seconds: '8', size: '720x1280', user: 'u1' };
    expect(await bodyOf(gateway.send(key, '/v1/videos', { json }))).toMatchObject({ model: 'sora2-portrait-10s' });
  });

  test('are made where fields are left empty, in forms and in JSON, as if they were left out', async () => {
    const empty = { size: '', seconds: '', input_reference: '' };
    const answers = [
      await gateway.send(key, '/v1/videos', { json: { model: 'sora-2', prompt: 'empty', ...empty, duration: 5 } }),
      await gateway.send(key, '/v1/videos', { body: formOf({ model: '', prompt: 'empty', ...empty }) }),
    ];
    for (const answer of answers) expect(answer.status).toBe(200);
    const video = await bodyOf<{ id: string }>(answers[0] as Response);
    expect(await bodyOf(gateway.send(key, `/v1/generations/${video.id}`))).toMatchObject({
      asked: { model: 'sora-2' },
    });
  });

  test("are asked for and fetched with LiteLLM's extra query, and removed with an empty JSON body", async () => {
    const { id } = await bodyOf<{ id: string }>(gateway.send(key, '/v1/videos', { json: { prompt: 'fetched' } }));
    const { bytes } = await succeed(gateway, await rowOf('fetched'));
    const headers = { 'content-type': 'application/json' };
    expect((await gateway.send(key, `/v1/videos/${id}`, { headers })).status).toBe(200);
    const content = await gateway.send(key, `/v1/videos/${id}/content?video_id=${id}&variant=`);
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);
    const removed = await gateway.send(key, `/v1/videos/${id}`, { method: 'DELETE', headers });
    expect(await bodyOf(removed)).toEqual({ id, object: 'video.deleted', deleted: true });
  });
});

describe('images', () => {
  test('of a name that Open WebUI and n8n take for one of OpenAI’s come as they read them, unasked', async () => {
    const ask = (model: string, prompt: string) =>
      bodyOf(gateway.send(key, '/v1/images/generations', { json: { model, prompt, n: 1, size: '1024x1024' } }));
    const theirs = ask('gpt-image-1', 'an owl');
    const b64_json = await paint('an owl');
    // An address beside it is what Open WebUI would fetch, from where it mostly may not.
    expect((await theirs).data).toEqual([{ b64_json, generation_id: expect.any(String) as string }]);
    const ours = ask('gpt-image', 'an owl of ours');
    const same = await paint('an owl of ours');
    expect((await ours).data).toEqual([
      { b64_json: same, url: expect.any(String) as string, generation_id: expect.any(String) as string },
    ]);
  });

  test("are edited from n8n's form, whose one image is a list, and with fields left empty", async () => {
    const image = new Blob([samplePng(40, 30)], { type: 'image/png' });
    const body = formOf({
      ...{ 'image[]': image, prompt: 'edited by n8n', model: 'gpt-image-1', n: '1', size: '', response_format: '' },
      ...{ user: 'u', background: 'auto', quality: 'auto', input_fidelity: 'low', output_compression: '100', mask: '' },
    });
    const answer = bodyOf(gateway.send(key, '/v1/images/edits', { body }));
    const b64_json = await paint('edited by n8n');
    expect((await answer).data).toMatchObject([{ b64_json }]);
  });
});

describe('chats', () => {
  test("are answered under OpenAI's names too, with everything that chat front ends send along", async () => {
    const json = {
      ...{ model: 'gpt-image-1', messages: [{ role: 'user', content: 'a fox at night' }], stream: false, n: 1 },
      ...{ max_tokens: 16, temperature: 0, logit_bias: {}, stop: null, tools: null, stream_options: null, user: 'x' },
      ...{ response_format: { type: 'text' }, metadata: { order: '7' }, safety_identifier: null, store: false },
    };
    const answer = bodyOf<{ id: string }>(gateway.send(key, '/v1/chat/completions', { json }));
    await paint('a fox at night');
    const { id } = await answer;
    expect(await answer).toMatchObject({ object: 'chat.completion', metadata: { order: '7' } });
    expect(await bodyOf(gateway.send(key, `/v1/generations/${id}`))).toMatchObject({
      ...{ model: 'gpt-image', metadata: { order: '7' } },
    });
  });

  test("may be offered every model that is taken: OpenAI's names are found", async () => {
    for (const id of ['sora-2', 'gpt-image-1', 'dall-e-3', 'gpt-image']) {
      expect(await bodyOf(gateway.send(key, `/v1/models/${id}`))).toMatchObject({ id, object: 'model' });
    }
  });
});
