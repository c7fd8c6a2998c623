/** The official SDK against the gateway: what its users see. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '@reelay/testing/wait-for';
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  InvalidWebhookSignatureError,
  NotFoundError,
  PermissionDeniedError,
  UnprocessableEntityError,
} from 'openai';
import { fail, progress, succeed } from '../testing/play-worker.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let client: OpenAI;
/** Of webhooks. */
let receiver: Server;
let receiverPlace: string;
const received: { body: string; headers: Record<string, string> }[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    received.push({ body: await text(request), headers: request.headers as Record<string, string> });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  receiverPlace = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  gateway = await openTestGateway({
    configuration: { FETCH_ALLOW: [receiverPlace] },
    settings: { 'stream.recheckMs': 50, 'stream.keepAliveMs': 100, 'generation.waitMs': 400 },
  });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: await gateway.newClient(), maxRetries: 0 });
});

afterAll(async () => {
  await gateway.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const model = 'sora2-landscape-10s';
const asking = (prompt: string) => ({ model, messages: [{ role: 'user' as const, content: prompt }] });

async function generationOf(prompt: string, count = 1): Promise<string> {
  const find = () =>
    gateway.database.$queryRaw<
      { id: string }[]
    >`SELECT id FROM generation WHERE request->>'prompt' = ${prompt} ORDER BY id DESC`;
  await waitFor(async () => (await find()).length >= count, { timeoutMs: 20_000, intervalMs: 10 });
  return (await find())[0]?.id ?? '';
}

test('a chat stream, raw and by the helper that is stricter, ends with the video', async () => {
  const raw = await client.chat.completions.create({ ...asking('raw'), stream: true });
  await progress(gateway, { generationId: await generationOf('raw'), stage: 'rendering', progress: 10 });
  const finishing = succeed(gateway, await generationOf('raw'));
  let content = '';
  for await (const chunk of raw) content += chunk.choices[0]?.delta.content ?? '';
  await finishing;
  expect(content).toMatch(/<video src='http/);

  const helper = client.chat.completions.stream({ ...asking('helper'), stream_options: { include_usage: true } });
  await succeed(gateway, await generationOf('helper'));
  const final = await helper.finalChatCompletion();
  expect(final.choices[0]?.message.content).toMatch(/^```html\n<video src='http/);
  expect(final.usage?.total_tokens).toBeGreaterThan(0);
});

test('videos: create, retrieve, download', async () => {
  const video = await client.videos.create({ model: model as 'sora-2', prompt: 'a paper boat', seconds: '10' as '8' });
  expect(video).toMatchObject({ object: 'video', status: 'queued', progress: 0 });
  const { bytes } = await succeed(gateway, video.id.slice('video_'.length));
  expect(await client.videos.retrieve(video.id)).toMatchObject({ id: video.id, status: 'completed' });
  const download = await client.videos.downloadContent(video.id);
  expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
});

test('models can be listed and looked up', async () => {
  const ids = (await client.models.list()).data.map((each) => each.id);
  expect(ids).toEqual(expect.arrayContaining([model, 'sora2-portrait-15s']));
  expect(await client.models.retrieve(model)).toMatchObject({ id: model, object: 'model' });
});

const failures: [string, () => Promise<unknown>, new (...args: never[]) => APIError, string, RegExp][] = [
  [
    'an unknown model',
    () => client.chat.completions.create({ ...asking('x'), model: 'gpt-9' }),
    NotFoundError,
    'model_not_found',
    /GET \/v1\/models/,
  ],
  [
    'an unknown model for a video',
    () => client.videos.create({ model: 'sora-9' as 'sora-2', prompt: 'x' }),
    NotFoundError,
    'model_not_found',
    /GET \/v1\/models/,
  ],
  [
    'a missing prompt',
    () => client.videos.create({} as { prompt: string }),
    BadRequestError,
    'missing_required_parameter',
    /"prompt" is missing: add it/,
  ],
  [
    'no messages',
    () => client.chat.completions.create({ model } as never),
    BadRequestError,
    'missing_required_parameter',
    /"messages" is missing/,
  ],
  [
    'a wrong key',
    () => client.withOptions({ apiKey: 'wrong' }).models.list(),
    AuthenticationError,
    'invalid_api_key',
    /check it, or ask/,
  ],
  [
    'a malformed body',
    () =>
      client.post('/chat/completions', { body: '{"model":' as never, headers: { 'content-type': 'application/json' } }),
    BadRequestError,
    'invalid_json',
    /not valid JSON/,
  ],
  [
    'a video of nobody',
    () => client.videos.retrieve('video_01J00000000000000000000000'),
    NotFoundError,
    'not_found',
    /belongs to this key/,
  ],
  ['an unknown path', () => client.get('/nope'), NotFoundError, 'route_not_found', /base URL ends in \/v1/],
  [
    'a wait that is over',
    () => client.chat.completions.create(asking('waits in vain')),
    InternalServerError,
    'still_running',
    /send the same request again/,
  ],
];

test.each(failures)('%s raises its class, with a message that says what to do', async (_, act, kind, code, message) => {
  const error = (await act().then(
    () => 'nothing was raised',
    (raised: unknown) => raised,
  )) as APIError;
  expect(error).toBeInstanceOf(kind);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.requestID).toMatch(/^req_/);
});

test('a reused Idempotency-Key and a model without accounts raise theirs', async () => {
  const headers = { 'Idempotency-Key': 'sdk' };
  await client.videos.create({ prompt: 'one' }, { headers });
  await expect(client.videos.create({ prompt: 'two' }, { headers })).rejects.toBeInstanceOf(UnprocessableEntityError);
  const lane = 'sora:video:any:sora2';
  await gateway.database.laneState.create({ data: { lane, tokens: 0, simulated: 0, freeSlots: 0, waiting: 0 } });
  await expect(client.videos.create({ prompt: 'x' })).rejects.toBeInstanceOf(PermissionDeniedError);
  await gateway.database.laneState.delete({ where: { lane } });
});

test('a failure in mid-stream is an APIError with its code', async () => {
  const stream = await client.chat.completions.create({ ...asking('breaks'), stream: true });
  await fail(gateway, await generationOf('breaks'), { code: 'upstream_failed', message: 'It broke.' });
  const reading = (async () => {
    for await (const _ of stream);
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'upstream_failed',
    message: expect.stringContaining('It broke.') as string,
  });
  await expect(reading).rejects.toBeInstanceOf(APIError);
});

test('a failure in mid-stream is raised by the helper too, in the same class and with the same code', async () => {
  const prompt = 'breaks under the helper';
  const helper = client.chat.completions.stream(asking(prompt));
  const errors: unknown[] = [];
  helper.on('error', (error) => errors.push(error));
  const reading = (async () => {
    for await (const _ of helper);
  })();
  // What rejects before it is looked at would end the process.
  const outcomes = Promise.allSettled([reading, helper.finalChatCompletion(), helper.done()]);
  const id = await generationOf(prompt);
  await progress(gateway, { generationId: id, stage: 'rendering', progress: 10 });
  await fail(gateway, id, { code: 'upstream_failed', message: 'It broke.' });
  for (const outcome of await outcomes) {
    const { reason } = outcome as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(APIError);
    expect(reason).toMatchObject({
      ...{ code: 'upstream_failed', type: 'server_error', status: undefined },
      message: expect.stringContaining('It broke.') as string,
    });
    expect((reason as APIError).requestID).toMatch(/^req_/);
  }
  expect(errors).toHaveLength(1);
  expect(helper.errored).toBe(true);
});

test('an event of a webhook has a signature that verifies, and whatever was changed raises its class', async () => {
  const url = `http://${receiverPlace}/hook`;
  const endpoint = await client.webhooks.create({ name: 'mine', url, event_types: ['video.completed'] });
  const secret = endpoint.signing_secret;
  expect(await client.webhooks.retrieve(endpoint.id)).toMatchObject({ id: endpoint.id, name: 'mine' });
  await client.webhooks.test(endpoint.id, { event_type: 'video.completed' });
  const [{ body, headers }] = received as [(typeof received)[number]];
  await client.webhooks.verifySignature(body, headers, secret);
  expect(await client.webhooks.unwrap(body, headers, secret)).toMatchObject({ type: 'video.completed' });
  // What is sent again after a day by somebody who listened in.
  const { signing_secret: fresh } = await client.webhooks.rotateSecret(endpoint.id);
  const old = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 24 * 3_600) };
  const forged: Parameters<OpenAI['webhooks']['verifySignature']>[] = [
    [`${body} `, headers, secret],
    [body, { ...headers, 'webhook-id': 'evt_of_somebody' }, secret],
    [body, old, secret],
    [body, headers, fresh],
  ];
  for (const given of forged) {
    await expect(client.webhooks.verifySignature(...given)).rejects.toBeInstanceOf(InvalidWebhookSignatureError);
    await expect(client.webhooks.unwrap(...given)).rejects.toBeInstanceOf(InvalidWebhookSignatureError);
  }
});

test("the SDK's own retry after 504 gets the video of the first try", async () => {
  const answer = client.withOptions({ maxRetries: 3 }).chat.completions.create(asking('retried by the SDK'));
  const id = await generationOf('retried by the SDK');
  // The second try has begun when the row is waited for again.
  const isRetried = () => gateway.logLines.some((line) => line.includes('retry attached') && line.includes(id));
  await waitFor(isRetried, { timeoutMs: 8_000 });
  await succeed(gateway, id);
  expect(await answer).toMatchObject({ id: `chatcmpl-${id}` });
  expect(
    await gateway.database.generation.count({
      where: {
        id: { not: id },
        requestHash: (await gateway.database.generation.findUniqueOrThrow({ where: { id } })).requestHash,
      },
    }),
  ).toBe(0);
});
