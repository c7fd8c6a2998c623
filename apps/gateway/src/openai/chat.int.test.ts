import { waitFor } from '@reelay/testing/wait-for';
import { fail, progress, succeed } from '../testing/play-worker.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    // Nothing is published in these tests: all that is seen comes by rechecks.
    settings: { 'stream.recheckMs': 50, 'stream.keepAliveMs': 200, 'generation.waitMs': 3_000 },
  });
  key = await gateway.newClient();
});

afterAll(() => gateway.close());

const chat = '/v1/chat/completions';
let prompts = 0;
const body = (changes: object = {}) => {
  prompts += 1;
  return { model: 'sora2-landscape-10s', messages: [{ role: 'user', content: `boat ${prompts}` }], ...changes };
};
const soon = { timeoutMs: 20_000, intervalMs: 10 };

/** The generation a request made: the newest with its prompt. */
async function generationOf(request: { messages: { content: string }[] }): Promise<string> {
  let id: string | undefined;
  await waitFor(async () => {
    const [row] = await gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE request->>'prompt' = ${request.messages[0]?.content} ORDER BY created_at DESC, id DESC`;
    id = row?.id;
    return id !== undefined;
  }, soon);
  return id ?? '';
}

interface Reading {
  response: Response;
  text(): string;
  events(): {
    choices: { delta: Record<string, string>; finish_reason: string | null }[];
    error?: object;
    usage?: unknown;
    id?: string;
  }[];
  done: Promise<void>;
}

async function readStream(request: object, headers: Record<string, string> = {}): Promise<Reading> {
  const response = await gateway.send(key, chat, { json: { ...request, stream: true }, headers });
  let text = '';
  const done = (async () => {
    const decoder = new TextDecoder();
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(piece, { stream: true });
  })();
  const events = () =>
    text
      .split('\n\n')
      .slice(0, -1)
      .filter((part) => part.startsWith('data: {'))
      .map((part) => JSON.parse(part.slice('data: '.length)) as ReturnType<Reading['events']>[number]);
  return { response, text: () => text, events, done };
}

describe('a stream', () => {
  test('begins at once, tells the progress, ends with the video exactly as sora2api writes it', async () => {
    const request = body();
    const stream = await readStream(request);
    expect(stream.response.status).toBe(200);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': expect.stringMatching(/^req_/) as string,
    });
    await waitFor(() => stream.events().length >= 2, soon);
    const id = await generationOf(request);
    for (const percent of [0, 40]) {
      await progress(gateway, { generationId: id, stage: 'rendering', progress: percent });
      await waitFor(() => stream.text().includes(`**Video Generation Progress**: ${percent}% (processing)`), soon);
    }
    const { assetId, bytes } = await succeed(gateway, id);
    await stream.done;

    const events = stream.events();
    expect(events[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(new Set(events.map((event) => event.id))).toEqual(new Set([`chatcmpl-${id}`]));
    const content = events.map((event) => event.choices[0]?.delta.content ?? '').join('');
    expect(content).toMatch(
      new RegExp(
        `^\`\`\`html\\n<video src='${gateway.url}/media/${assetId}\\.mp4\\?[^']+' controls></video>\\n\`\`\`$`,
      ),
    );
    expect(events.at(-1)?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
    expect(stream.text().endsWith('\n\ndata: [DONE]\n\n')).toBe(true);

    const link = /src='([^']+)'/.exec(content)?.[1] ?? '';
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('is kept alive by comments while nothing happens', async () => {
    const request = body();
    const stream = await readStream(request);
    await waitFor(() => stream.text().includes(': keep-alive\n\n: keep-alive\n\n'), soon);
    await succeed(gateway, await generationOf(request));
    await stream.done;
    for (const line of stream.text().split('\n')) expect(line).toMatch(/^(data: .+|: keep-alive|)$/);
  });

  test('counts usage where it was asked to', async () => {
    const request = body({ stream_options: { include_usage: true } });
    const stream = await readStream(request);
    await succeed(gateway, await generationOf(request));
    await stream.done;
    const last = stream.events().at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toMatchObject({ total_tokens: expect.any(Number) as number });
    expect(
      stream
        .events()
        .slice(0, -1)
        .every((event) => event.usage === null),
    ).toBe(true);
  });

  test('of a generation that fails ends with its error and nothing after it', async () => {
    const request = body();
    const stream = await readStream(request);
    const id = await generationOf(request);
    await fail(gateway, id, { code: 'content_policy_violation', message: 'The upstream refused: no boats.' });
    await stream.done;
    expect(stream.events().at(-1)).toEqual({
      error: {
        message: 'The upstream refused: no boats.',
        type: 'invalid_request_error',
        param: null,
        code: 'content_policy_violation',
        generation_id: `chatcmpl-${id}`,
        url: `${gateway.url}/v1/generations/chatcmpl-${id}`,
      },
    });
    expect(stream.text()).not.toContain('[DONE]');
  });

  test.each([
    ['an unknown model', { model: 'sora9' }, 404, 'model_not_found'],
    ['no prompt', { messages: [{ role: 'user', content: '' }] }, 400, 'missing_required_parameter'],
    ['two answers', { n: 2 }, 400, 'unsupported_parameter'],
    [
      'a sound',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
      400,
      'invalid_value',
    ],
  ])('with %s is refused before its first byte, by an HTTP error', async (_, changes, status, code) => {
    const response = await gateway.send(key, chat, { json: body({ stream: true, ...changes }) });
    expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
  });

  test('that its client leaves does not end the generation, which another request then delivers', async () => {
    const request = body();
    const leaving = new AbortController();
    const response = await gateway.send(key, chat, { json: { ...request, stream: true }, signal: leaving.signal });
    expect(response.status).toBe(200);
    const id = await generationOf(request);
    leaving.abort();
    await waitFor(
      async () => (await gateway.database.generation.findUniqueOrThrow({ where: { id } })).attachable === 1,
      soon,
    );
    await progress(gateway, { generationId: id, stage: 'rendering', progress: 50 });
    await succeed(gateway, id);
    const video = await gateway.send(key, `/v1/videos/video_${id}`);
    expect(await video.json()).toMatchObject({ status: 'completed', progress: 100 });
  });
});

describe('a request without a stream', () => {
  test('waits for the video and answers with it', async () => {
    const request = body();
    const answer = gateway.send(key, chat, { json: request });
    const id = await generationOf(request);
    await succeed(gateway, id);
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: `chatcmpl-${id}`,
      object: 'chat.completion',
      created: expect.any(Number) as number,
      model: 'sora2-landscape-10s',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: expect.stringMatching(/^```html\n<video src='.+' controls><\/video>\n```$/) as string,
            refusal: null,
          },
          logprobs: null,
          finish_reason: 'stop',
          generation_id: `chatcmpl-${id}`,
          url: `${gateway.url}/v1/generations/chatcmpl-${id}`,
          media_urls: [expect.stringMatching(/^http.*\.mp4\?/) as string],
        },
      ],
      usage: {
        prompt_tokens: expect.any(Number) as number,
        completion_tokens: expect.any(Number) as number,
        total_tokens: expect.any(Number) as number,
      },
    });
    expect(await gateway.database.generation.findUnique({ where: { id } })).toMatchObject({ attachable: 0 });
  });

  test('answers the failure of its generation with the status of its code', async () => {
    const request = body();
    const answer = gateway.send(key, chat, { json: request });
    await fail(gateway, await generationOf(request), { code: 'upstream_failed', message: 'It broke.' });
    const response = await answer;
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([502, 'false']);
    expect(await response.json()).toMatchObject({ error: { code: 'upstream_failed', message: 'It broke.' } });
  });

  test('that waited long enough answers still_running, and the same request as a retry gets the same generation', async () => {
    const request = body();
    const first = await gateway.send(key, chat, { json: request });
    const id = await generationOf(request);
    expect(first.status).toBe(504);
    expect([first.headers.get('retry-after'), first.headers.get('x-should-retry')]).toEqual(['1', 'true']);
    expect(await first.json()).toMatchObject({
      error: {
        code: 'still_running',
        generation_id: `chatcmpl-${id}`,
        url: `${gateway.url}/v1/generations/chatcmpl-${id}`,
      },
    });
    const retried = gateway.send(key, chat, { json: request, headers: { 'x-stainless-retry-count': '1' } });
    await succeed(gateway, id);
    expect(await (await retried).json()).toMatchObject({ id: `chatcmpl-${id}`, choices: [{ finish_reason: 'stop' }] });
    expect(await gateway.database.generation.count({ where: { requestHash: (await rowOf(id)).requestHash } })).toBe(1);
  });

  test('whose connection breaks leaves its generation to the retry', async () => {
    const request = body();
    const leaving = new AbortController();
    const first = gateway.send(key, chat, { json: request, signal: leaving.signal }).catch(() => 'cut');
    const id = await generationOf(request);
    leaving.abort();
    expect(await first).toBe('cut');
    // At once, as an SDK would: the gateway may not even have noticed yet.
    const retried = gateway.send(key, chat, { json: request, headers: { 'x-stainless-retry-count': '1' } });
    const isAttached = (line: string) => line.includes('retry attached') && line.includes(id);
    await waitFor(() => gateway.logLines.some(isAttached), soon);
    await succeed(gateway, id);
    expect(await (await retried).json()).toMatchObject({ id: `chatcmpl-${id}` });
  });
});

test('four equal prompts sent on purpose stay four', async () => {
  const request = body();
  const answers = Array.from({ length: 4 }, () => gateway.send(key, chat, { json: request }));
  await waitFor(async () => (await equalOnes(request)).length === 4, soon);
  await Promise.all((await equalOnes(request)).map((id) => succeed(gateway, id)));
  // On a slow machine one may have waited long enough: it names its generation all the same.
  const ids = answers.map(async (answer) => {
    const { id, error } = (await (await answer).json()) as { id?: string; error?: { generation_id: string } };
    return id ?? error?.generation_id;
  });
  expect(new Set(await Promise.all(ids)).size).toBe(4);
});

test('a retry whose first try never came to be makes a generation of its own', async () => {
  const request = body();
  const answer = gateway.send(key, chat, { json: request, headers: { 'x-stainless-retry-count': '1' } });
  await succeed(gateway, await generationOf(request));
  expect((await answer).status).toBe(200);
});

test('an Idempotency-Key gives the same generation, and refuses another request', async () => {
  const request = body();
  const headers = { 'idempotency-key': 'boat-key' };
  const answers = [1, 2].map(() => gateway.send(key, chat, { json: request, headers }));
  await succeed(gateway, await generationOf(request));
  const ids = await Promise.all(answers.map(async (answer) => ((await (await answer).json()) as { id: string }).id));
  expect(new Set(ids).size).toBe(1);
  const other = await gateway.send(key, chat, { json: body(), headers });
  expect([other.status, await other.json()]).toMatchObject([422, { error: { code: 'idempotency_key_reused' } }]);
});

test('a model that no account could serve is refused before anything is written', async () => {
  const lane = 'sora:video:any:sora2';
  const state = { tokens: 0, simulated: 0, freeSlots: 0, waiting: 0, reason: 'there is no account' };
  await gateway.database.laneState.create({ data: { lane, ...state } });
  const request = body();
  const response = await gateway.send(key, chat, { json: request });
  expect([response.status, await response.json()]).toMatchObject([
    403,
    { error: { code: 'model_not_available', param: 'model' } },
  ]);
  expect(await equalOnes(request)).toEqual([]);
  await gateway.database.laneState.delete({ where: { lane } });
});

async function equalOnes(request: { messages: { content: string }[] }): Promise<string[]> {
  const rows = await gateway.database.$queryRaw<{ id: string }[]>`
    SELECT id FROM generation WHERE request->>'prompt' = ${request.messages[0]?.content}`;
  return rows.map((row) => row.id);
}

function rowOf(id: string) {
  return gateway.database.generation.findUniqueOrThrow({ where: { id } });
}
