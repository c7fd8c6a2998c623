/** The rules of a chat stream's bytes (openai-wire 1.5 to 1.7), on whole streams as they come from the socket. */
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, { APIError } from 'openai';
import { fail, progress, succeedWith } from '../testing/play-worker.js';
import { samplePng } from '../testing/sample-media.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'stream.recheckMs': 50, 'stream.keepAliveMs': 50, 'generation.waitMs': 60_000 },
  });
  key = await gateway.newClient();
});
afterAll(() => gateway.close());

const soon = { timeoutMs: 30_000, intervalMs: 10 };
const asking = (prompt: string, more: object = {}) => ({
  ...{ model: 'gpt-image', messages: [{ role: 'user' as const, content: prompt }], ...more },
});

async function rowOf(prompt: string): Promise<string> {
  let id: string | undefined;
  await waitFor(async () => {
    const [row] = await gateway.database.$queryRaw<{ id: string }[]>`
      SELECT id FROM generation WHERE request->>'prompt' = ${prompt}`;
    id = row?.id;
    return id !== undefined;
  }, soon);
  return id ?? '';
}

interface Chunk {
  id: string;
  created: number;
  model: string;
  object: string;
  usage?: object | null;
  choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null; [more: string]: unknown }[];
  error?: Record<string, unknown>;
}

/** Everything that came, after heartbeats and progress between which the generation ends as `end` makes it. */
async function wholeStream(prompt: string, end: (id: string) => Promise<unknown>, more: object = {}): Promise<string> {
  const response = await gateway.send(key, '/v1/chat/completions', { json: asking(prompt, { stream: true, ...more }) });
  let bytes = Buffer.alloc(0);
  const reading = (async () => {
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
      bytes = Buffer.concat([bytes, piece]);
  })();
  const heartbeats = (count: number) => waitFor(() => bytes.toString().split(': keep-alive\n\n').length > count, soon);
  await heartbeats(2);
  const id = await rowOf(prompt);
  await progress(gateway, { generationId: id, stage: 'rendering', progress: 30 });
  await waitFor(() => bytes.includes('30%'), soon);
  await heartbeats(4);
  await end(id);
  await reading;
  return bytes.toString();
}

/** Each event is one `data:` line and a blank line; between events only comments. */
function eventsOf(text: string): (Chunk | '[DONE]')[] {
  expect(text).not.toContain('\r');
  const parts = text.split('\n\n');
  expect(parts.pop()).toBe('');
  return parts
    .filter((part) => part !== ': keep-alive')
    .map((part) => {
      expect(part).toMatch(/^data: (\{.*\}|\[DONE\])$/);
      const data = part.slice('data: '.length);
      return data === '[DONE]' ? data : (JSON.parse(data) as Chunk);
    });
}

const finish = (id: string) =>
  succeedWith(gateway, id, { media: [{ contentType: 'image/png', bytes: samplePng(3, 3), width: 3, height: 3 }] });

describe('the bytes of a stream', () => {
  test('that ends well are data lines and comments alone, a role first, a finish reason last, then [DONE]', async () => {
    const text = await wholeStream('bytes that end well', finish);
    const events = eventsOf(text);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    expect(events.pop()).toBe('[DONE]');
    const chunks = events as Chunk[];
    const reference = {
      generation_id: chunks[0]?.id,
      url: `${gateway.url}/v1/generations/${chunks[0]?.id}`,
    };
    expect(chunks[0]?.choices).toEqual([
      { index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null, ...reference },
    ]);
    for (const { choices, ...head } of chunks) {
      const { id, created, model } = chunks[0]!;
      expect(head).toEqual({ id, created, model, object: 'chat.completion.chunk' });
      expect(choices).toHaveLength(1);
    }
    const content = chunks.at(-2)?.choices[0];
    const [, link] = /^!\[Generated Image\]\((.*)\)$/.exec(String(content?.delta.content)) ?? [];
    expect(content).toMatchObject({ ...reference, media_urls: [link], finish_reason: null });
    expect(chunks.at(-1)?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
  });

  test('name usage in every chunk and bring it in one more without choices, where it was asked for', async () => {
    const more = { stream_options: { include_usage: true } };
    const chunks = eventsOf(await wholeStream('bytes with usage', finish, more)).slice(0, -1) as Chunk[];
    const counted = chunks.pop();
    expect(counted).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) as number } });
    for (const { usage, choices } of chunks) expect([usage, choices.length]).toEqual([null, 1]);
  });

  test('of refused content say so in the finish reason, and why in the error that ends them', async () => {
    const error = { code: 'content_policy_violation', message: 'No foxes.' } as const;
    const events = eventsOf(await wholeStream('bytes that are refused', (id) => fail(gateway, id, error))) as Chunk[];
    expect(events.at(-2)?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'content_filter' }]);
    expect(events.at(-1)).toEqual({ error: expect.objectContaining({ ...error, param: null }) as object });
  });

  test('of a failure are the wrapped error and nothing after it', async () => {
    const error = { code: 'upstream_failed', message: 'It broke.' } as const;
    const events = eventsOf(await wholeStream('bytes that fail', (id) => fail(gateway, id, error))) as Chunk[];
    expect(events.at(-1)).toEqual({ error: expect.objectContaining(error) as object });
    expect(events.slice(0, -1).every((event) => event.choices[0]?.finish_reason === null)).toBe(true);
  });
});

describe('through the official SDK', () => {
  const client = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });

  test('an answer in one piece has the generation and its files beside the message', async () => {
    const answer = client().chat.completions.create(asking('in one piece'));
    const id = await rowOf('in one piece');
    await finish(id);
    expect((await answer).choices).toEqual([
      {
        ...{ index: 0, logprobs: null, finish_reason: 'stop', generation_id: `chatcmpl-${id}` },
        message: {
          role: 'assistant',
          refusal: null,
          content: expect.stringMatching(/^!\[Generated Image\]/) as string,
        },
        url: `${gateway.url}/v1/generations/chatcmpl-${id}`,
        media_urls: [expect.stringMatching(/^http.*\.png\?/) as string],
      },
    ]);
  });

  test('a refused stream gives its finish reason and then raises why', async () => {
    const stream = await client().chat.completions.create(asking('refused', { stream: true }) as never);
    await fail(gateway, await rowOf('refused'), { code: 'content_policy_violation', message: 'No foxes.' });
    const reasons: unknown[] = [];
    const reading = (async () => {
      for await (const chunk of stream as unknown as AsyncIterable<Chunk>)
        reasons.push(chunk.choices[0]?.finish_reason);
    })();
    await expect(reading).rejects.toBeInstanceOf(APIError);
    await expect(reading).rejects.toMatchObject({ code: 'content_policy_violation' });
    expect(reasons.at(-1)).toBe('content_filter');
  });
});
