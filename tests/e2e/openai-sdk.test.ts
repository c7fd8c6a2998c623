/** The official SDK against the whole stack: what a user's own script would do. */
import { probeMp4 } from '@reelay/testing/mp4';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI from 'openai';
import { Stack } from '../support/stack.js';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ settings: { 'generation.waitMs': 1_500 } });
});
afterAll(() => stack?.stop());

const model = 'sora2-portrait-10s';

async function finishedVideo(id: string, client = stack.client()): Promise<OpenAI.Videos.Video> {
  for (;;) {
    const video = await client.videos.retrieve(id);
    if (video.status === 'completed' || video.status === 'failed') return video;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test.concurrent('a chat stream tells its progress in reasoning_content and ends with a playable video', async () => {
  const chat = await stack.client().chat.completions.create({
    model: 'sora2-landscape-15s',
    messages: [{ role: 'user', content: 'a paper boat on a lake' }],
    stream: true,
  });
  const ids = new Set<string>();
  let content = '';
  let reasoning = '';
  let finish: string | null = null;
  for await (const chunk of chat) {
    ids.add(chunk.id);
    expect(chunk.model).toBe('sora2-landscape-15s');
    const [choice] = chunk.choices;
    content += choice?.delta.content ?? '';
    reasoning += (choice?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
    finish = choice?.finish_reason ?? finish;
  }
  expect(ids.size).toBe(1);
  expect(finish).toBe('stop');
  expect(reasoning).toMatch(/\d+%/);
  const url = /^```html\n<video src='([^']+)' controls><\/video>\n```$/.exec(content)?.[1];
  expect(url).toBeDefined();
  const answer = await fetch(url as string);
  expect(answer.headers.get('content-type')).toBe('video/mp4');
  const video = probeMp4(Buffer.from(await answer.arrayBuffer()));
  expect(video).toMatchObject({ codec: 'avc1', width: 640, height: 360, durationMs: 15_000 });
});

test.concurrent('videos.create, retrieve and downloadContent give the video, marked as simulated', async () => {
  const client = stack.client();
  const created = await client.videos.create({ model, prompt: 'a lighthouse in the fog' });
  expect(created).toMatchObject({
    object: 'video',
    status: 'queued',
    progress: 0,
    seconds: '10',
    error: null,
    simulated: true,
  });
  const video = await finishedVideo(created.id);
  expect(video).toMatchObject({ id: created.id, status: 'completed', progress: 100, size: '360x640', simulated: true });
  const file = Buffer.from(await (await client.videos.downloadContent(created.id)).arrayBuffer());
  expect(probeMp4(file)).toMatchObject({ codec: 'avc1', width: 360, height: 640, durationMs: 10_000 });
});

test.concurrent('a non-streaming chat that is not done in time answers 504, and the SDK own retries get the same generation', async () => {
  const prompt = 'a train crossing a bridge';
  const completion = await stack.client({ maxRetries: 5 }).chat.completions.create({
    model,
    messages: [{ role: 'user', content: prompt }],
  });
  expect(completion.choices[0]?.message.content).toContain("<video src='");
  expect(await stack.submitsOf(prompt)).toHaveLength(1);

  const [impatient] = await Promise.allSettled([
    stack.client().chat.completions.create({ model, messages: [{ role: 'user', content: 'a slow snail' }] }),
  ]);
  if (impatient.status === 'fulfilled') throw new Error('a render longer than the wait cannot be answered in time');
  expect(impatient.reason).toBeInstanceOf(OpenAI.InternalServerError);
  expect(impatient.reason).toMatchObject({ status: 504, code: 'still_running' });
});

async function newKey(limits: object): Promise<string> {
  const answer = await fetch(`${stack.run.gatewayUrl}/api/admin/api-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.run.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'limited', ...limits }),
  });
  return ((await answer.json()) as { key: string }).key;
}

test.concurrent('a key that may have one open video waits by the SDK own retries until that one has ended', async () => {
  const apiKey = await newKey({ queuedLimit: 1 });
  const client = stack.client({ apiKey, maxRetries: 8 });
  const first = await client.videos.create({ model, prompt: 'a guest who is there' });
  await expect(stack.client({ apiKey }).videos.create({ model, prompt: 'a guest who leaves' })).rejects.toMatchObject({
    ...{ constructor: OpenAI.RateLimitError, status: 429, code: 'rate_limit_exceeded' },
  });
  const second = await client.videos.create({ model, prompt: 'a guest who waits' });
  expect(await client.videos.retrieve(first.id)).toMatchObject({ status: 'completed' });
  expect((await finishedVideo(second.id, client)).status).toBe('completed');
  expect(await stack.submitsOf('a guest who leaves')).toEqual([]);
});

test.concurrent('a refusal by the upstream in mid-stream is raised by the stream helper with its code', async () => {
  const helper = stack.client().chat.completions.stream({
    model,
    messages: [{ role: 'user', content: 'a boat [sim:violation]' }],
  });
  await expect(helper.finalChatCompletion()).rejects.toMatchObject({
    ...{ constructor: OpenAI.APIError, status: undefined, code: 'content_policy_violation' },
    ...{ type: 'invalid_request_error', requestID: expect.stringMatching(/.{8,}/) },
  });
});

test.concurrent('an id of any dialect reads the same generation, and the models say what they are', async () => {
  const client = stack.client();
  const { id } = await client.videos.create({ model, prompt: 'a red kite' });
  const ulid = id.replace('video_', '');
  const answer = await fetch(`${stack.run.gatewayUrl}/v1/generations/chatcmpl-${ulid}`, {
    headers: { authorization: `Bearer ${stack.run.apiKey}` },
  });
  expect(await answer.json()).toMatchObject({ model, kind: 'video', simulated: expect.any(Boolean) });
  const models = (await client.models.list()).data;
  expect(models.map((entry) => entry.id)).toEqual(
    expect.arrayContaining(['sora2-landscape-10s', 'sora2-landscape-15s', 'sora2-portrait-10s', 'sora2-portrait-15s']),
  );
  expect(models.every((entry) => 'simulated' in entry)).toBe(true);
});

test.concurrent('a client that goes away costs nothing: a stream cut in the middle leaves a video that GET /v1/videos/{id} delivers', async () => {
  const client = stack.client();
  const prompt = 'a door that closes';
  const chat = await client.chat.completions.create({
    model: 'sora2-landscape-10s',
    messages: [{ role: 'user', content: prompt }],
    stream: true,
  });
  let id = '';
  for await (const chunk of chat) {
    id = chunk.id.replace('chatcmpl-', 'video_');
    const progress = (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)?.reasoning_content ?? '';
    if (/\d+%/.test(progress)) break;
  }
  chat.controller.abort();

  await waitFor(async () => (await client.videos.retrieve(id)).status === 'completed', { timeoutMs: 30_000 });
  const file = Buffer.from(await (await client.videos.downloadContent(id)).arrayBuffer());
  expect(probeMp4(file)).toMatchObject({ durationMs: 10_000 });
  expect(await stack.submitsOf(prompt)).toHaveLength(1);
});

test.concurrent('content answers ranges, tags and HEAD as players and caches ask for them', async () => {
  const client = stack.client();
  const { id } = await client.videos.create({ model: 'sora2-landscape-10s', prompt: 'a door that opens' });
  await waitFor(async () => (await client.videos.retrieve(id)).status === 'completed', { timeoutMs: 30_000 });
  const url = `${stack.run.gatewayUrl}/v1/videos/${id}/content`;
  const headers = { authorization: `Bearer ${stack.run.apiKey}` };
  const whole = await fetch(url, { headers });
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(Number(whole.headers.get('content-length'))).toBe(bytes.length);

  const part = await fetch(url, { headers: { ...headers, range: 'bytes=4-7' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    `bytes 4-7/${bytes.length}`,
    'ftyp',
  ]);
  expect((await fetch(url, { headers: { ...headers, range: `bytes=${bytes.length}-` } })).status).toBe(416);
  const tag = whole.headers.get('etag') ?? '';
  expect((await fetch(url, { headers: { ...headers, 'if-none-match': tag } })).status).toBe(304);
  const head = await fetch(url, { method: 'HEAD', headers });
  expect([head.status, Number(head.headers.get('content-length'))]).toEqual([200, bytes.length]);
  expect((await fetch(url)).status).toBe(401);
});

test.concurrent('videos.delete takes a video away, and a cancelled one runs out upstream without being fetched', async () => {
  const client = stack.client();
  const prompt = 'a door that nobody opens';
  const cancelled = await client.videos.create({ model, prompt });
  await waitFor(async () => (await client.videos.retrieve(cancelled.id)).status === 'in_progress', {
    timeoutMs: 30_000,
  });
  const answer = await client.post<OpenAI.Videos.Video>(`/videos/${cancelled.id}/cancel`);
  expect(answer).toMatchObject({ status: 'failed', state: 'cancelled', error: { code: 'cancelled' } });

  const { id } = await client.videos.create({ model, prompt: 'a door that is gone' });
  expect((await finishedVideo(id)).status).toBe('completed');
  expect(await client.videos.delete(id)).toEqual({ id, object: 'video.deleted', deleted: true });
  await expect(client.videos.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await expect(client.videos.downloadContent(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);

  const ulid = cancelled.id.replace('video_', '');
  const attempts = () => stack.sql('SELECT state FROM submit_attempt WHERE generation_id = $1', [ulid]);
  await waitFor(async () => (await attempts()).every(({ state }) => state === 'ended'), { timeoutMs: 30_000 });
  expect(await stack.sql('SELECT FROM asset WHERE generation_id = $1', [ulid])).toEqual([]);
  expect(await stack.submitsOf(prompt)).toHaveLength(1);
  expect(await client.videos.retrieve(cancelled.id)).toEqual(answer);
});

describe('what a client does wrong raises the right class of the SDK and says what to do', () => {
  const cases: [string, () => Promise<unknown>, unknown, Record<string, unknown>][] = [
    [
      'an unknown model',
      () => stack.client().videos.create({ model: 'sora-9', prompt: 'x' }),
      OpenAI.NotFoundError,
      { code: 'model_not_found', param: 'model', message: expect.stringContaining('GET /v1/models') },
    ],
    [
      'a missing prompt',
      () => stack.client().post('/videos', { body: { model } }),
      OpenAI.BadRequestError,
      { code: 'missing_required_parameter', param: 'prompt' },
    ],
    [
      'an empty chat',
      () => stack.client().chat.completions.create({ model, messages: [{ role: 'user', content: ' ' }] }),
      OpenAI.BadRequestError,
      { code: 'missing_required_parameter', param: 'messages' },
    ],
    [
      'a wrong key',
      () => stack.client({ apiKey: 'rly_not-a-key-of-this-place' }).models.list(),
      OpenAI.AuthenticationError,
      { code: 'invalid_api_key', message: expect.stringMatching(/key/) },
    ],
    [
      'an id of nobody',
      () => stack.client().videos.retrieve('video_01JZZZZZZZZZZZZZZZZZZZZZZZ'),
      OpenAI.NotFoundError,
      { code: 'not_found' },
    ],
    [
      'a model that the key may not use',
      async () =>
        stack.client({ apiKey: await newKey({ allowedModels: ['gpt-image'] }) }).videos.create({ model, prompt: 'x' }),
      OpenAI.PermissionDeniedError,
      { code: 'model_not_allowed', param: 'model' },
    ],
    ['an unknown route', () => stack.client().get('/nothing/here'), OpenAI.NotFoundError, { code: 'route_not_found' }],
  ];
  test.each(cases)('%s', async (_name, call, errorClass, fields) => {
    const error: unknown = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ ...fields, requestID: expect.stringMatching(/.{8,}/) });
  });

  test('a malformed body', async () => {
    const answer = await fetch(`${stack.run.gatewayUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.run.apiKey}`, 'content-type': 'application/json' },
      body: '{"model": "sora2-landscape-10s", "messages": [',
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    expect(await answer.json()).toEqual({
      error: {
        message: expect.stringContaining('JSON'),
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_json',
      },
    });
  });
});
