/** Endpoint management through the official SDK, and what it does not have through fetch. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  clientWebhookEventTypes,
  operatorWebhookEventTypes,
  webhookDeliveryListSchema,
  webhookDeliverySchema,
  webhookEndpointListSchema,
  webhookEndpointSchema,
  webhookEndpointWithSecretSchema,
} from '@reelay/contracts/webhooks';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import type { z } from 'zod';
import { succeed } from '../testing/play-worker.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;
let client: OpenAI;
let stranger: OpenAI;
let server: Server;
let hook: string;
let received: { headers: IncomingHttpHeaders; body: string }[] = [];
let status = 204;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  hook = `http://${place}/hook`;
  gateway = await openTestGateway({ configuration: { FETCH_ALLOW: [place, '127.0.0.1:9'] } });
  const newClient = async (apiKey: string) => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
  key = await gateway.newClient();
  [client, stranger] = await Promise.all([newClient(key), newClient(await gateway.newClient())]);
});
afterAll(async () => {
  await gateway.close();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(async () => {
  [received, status] = [[], 204];
  await gateway.database.webhookDelivery.deleteMany();
  await gateway.database.webhookEndpoint.deleteMany();
});

const create = (by = client, fields: object = {}) =>
  by.webhooks.create({ name: 'mine', url: hook, event_types: ['video.completed', 'video.failed'], ...fields });
const admin = (path: string, json?: object, method?: string) =>
  gateway.send(gateway.adminKey, `/api/admin/${path}`, { ...(json && { json }), ...(method && { method }) });
/** Without a field left over. */
const shownAs = <Shape extends z.core.$ZodShape>(schema: z.ZodObject<Shape>, value: unknown) =>
  schema.strict().parse(value) as z.output<z.ZodObject<Shape>>;
const raise = (act: Promise<unknown>) =>
  act.then(
    () => undefined,
    (error: unknown) => error,
  );

test('an endpoint is made, read, changed, listed and deleted in the shapes of the SDK; its secret is said once', async () => {
  const { signing_secret: secret, ...made } = shownAs(webhookEndpointWithSecretSchema, await create());
  expect(made).toEqual({
    id: expect.stringMatching(/^whe_/) as string,
    object: 'webhook_endpoint',
    name: 'mine',
    url: hook,
    event_types: ['video.completed', 'video.failed'],
    created_at: expect.any(Number) as number,
    updated_at: made.created_at,
    signing_secret_hint: `whsec_…${secret.slice(-4)}`,
    status: 'enabled',
    disabled_reason: null,
    failing_since: null,
  });
  expect(await client.webhooks.retrieve(made.id)).toEqual(made);
  expect(await client.webhooks.update(made.id)).toEqual(made);
  expect(await client.webhooks.update(made.id, { name: 'mine' })).toEqual(made);
  const changed = await client.webhooks.update(made.id, { name: 'new', event_types: ['video.failed'] });
  expect(shownAs(webhookEndpointSchema, changed)).toMatchObject({
    name: 'new',
    url: hook,
    event_types: ['video.failed'],
  });
  expect((await client.webhooks.list()).data).toEqual([changed]);
  expect(await client.webhooks.delete(made.id)).toEqual({
    id: made.id,
    object: 'webhook_endpoint.deleted',
    deleted: true,
  });
  await expect(client.webhooks.retrieve(made.id)).rejects.toBeInstanceOf(NotFoundError);
  const rows = JSON.stringify(await gateway.database.webhookEndpoint.findMany());
  expect(`${rows} ${gateway.logLines.join('\n')}`).not.toContain(secret.slice(6));
});

test("the SDK's pages hold every endpoint once, the newest first", async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.unshift((await create()).id);
  const listed: string[] = [];
  for await (const { id } of client.webhooks.list({ limit: 2 })) listed.push(id);
  expect(listed).toEqual(ids);
  const answer = await gateway.send(key, '/v1/webhook_endpoints?limit=2&order=asc');
  const oldest = shownAs(webhookEndpointListSchema, await answer.json());
  expect(oldest).toMatchObject({ object: 'list', first_id: ids[4], last_id: ids[3], has_more: true });
  for (const after of ['whe_none', '%00', 'video_1']) {
    const refused = await gateway.send(key, `/v1/webhook_endpoints?after=${after}`);
    expect([after, refused.status]).toEqual([after, 400]);
  }
});

test('the event types are listed; a client cannot hear of accounts', async () => {
  expect(await client.webhooks.eventTypes.list()).toEqual({ object: 'list', data: [...clientWebhookEventTypes] });
  const types = await admin('webhook_event_types');
  expect(await types.json()).toEqual({ object: 'list', data: [...operatorWebhookEventTypes] });
  for (const event_types of [[], ['token.needs_attention'], ['batch.completed'], 'video.completed']) {
    const error = (await raise(create(client, { event_types }))) as BadRequestError;
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.param).toMatch(/^event_types/);
  }
});

const noUrls = [
  'http://example.com/hook',
  'https://127.0.0.1/hook',
  'https://169.254.169.254/',
  'https://[::ffff:127.0.0.1]/',
  'https://metadata.google.internal/',
  'https://user:pass@example.com/',
  'https://example.com:25/',
  'javascript:alert(1)',
  'hook',
  '',
  `https://example.com/${'x'.repeat(2_048)}`,
];

test.each(noUrls.map((url) => [url.slice(0, 40), url]))('"%s" is no URL for events', async (_, url) => {
  const { id } = await create();
  for (const act of [create(client, { url }), client.webhooks.update(id, { url })]) {
    expect(await raise(act)).toMatchObject({ status: 400, param: 'url' });
  }
  expect((await client.webhooks.retrieve(id)).url).toBe(hook);
});

test("somebody else's endpoint does not exist, nor does what was sent to it; the operator's and a client's are apart", async () => {
  const { id } = await create();
  const operators = (await (
    await admin('webhook_endpoints', { name: 'o', url: hook, event_types: ['pool.exhausted'] })
  ).json()) as { id: string };
  const delivery = `whd_${'0'.repeat(32)}`;
  const acts = (of: OpenAI, subject: string) => [
    of.webhooks.retrieve(subject),
    of.webhooks.update(subject, { name: 'x' }),
    of.webhooks.delete(subject),
    of.webhooks.rotateSecret(subject),
    of.webhooks.test(subject, { event_type: 'video.completed' }),
    of.get(`/webhook_endpoints/${encodeURIComponent(subject)}/deliveries`),
    of.post(`/webhook_endpoints/${encodeURIComponent(subject)}/deliveries/${delivery}/replay`),
  ];
  const wrong = [
    ...acts(stranger, id),
    ...acts(client, operators.id),
    ...acts(client, 'whe_x'),
    ...acts(client, 'whe_\0'),
  ];
  for (const act of wrong) expect(await raise(act)).toMatchObject({ status: 404, code: 'not_found' });
  expect((await admin(`webhook_endpoints/${id}`)).status).toBe(404);
  expect((await stranger.webhooks.list()).data).toEqual([]);
  expect((await client.webhooks.list()).data).toMatchObject([{ id, name: 'mine' }]);
  expect(received).toEqual([]);
});

test('a test event is sent now, signed, and says what the receiver answered', async () => {
  const { id, signing_secret: secret } = await create();
  for (status of [200, 500]) {
    expect(await client.webhooks.test(id, { event_type: 'video.failed' })).toEqual({
      object: 'webhook_endpoint.test',
      webhook_endpoint_id: id,
      event_type: 'video.failed',
      status_code: status,
      success: true,
    });
  }
  const { body, headers } = received[0] as (typeof received)[number];
  const event = await client.webhooks.unwrap(body, headers as Record<string, string>, secret);
  expect(event).toMatchObject({ object: 'event', type: 'video.failed', data: { id: `video_${'0'.repeat(26)}` } });
  const dead = await create(client, { url: 'http://127.0.0.1:9/' });
  expect(await raise(client.webhooks.test(dead.id, { event_type: 'video.failed' }))).toMatchObject({
    status: 400,
    code: 'webhook_unreachable',
  });
});

test('a rotated secret is a new one; the old one goes on for a day only if that is asked for', async () => {
  const { id, signing_secret: first } = await create();
  const { signing_secret: second } = await client.webhooks.rotateSecret(id, {
    keep_old_secret_active_for_24_hours: true,
  });
  await client.webhooks.test(id, { event_type: 'video.completed' });
  const { signing_secret: third } = await client.webhooks.rotateSecret(id);
  await client.webhooks.test(id, { event_type: 'video.completed' });
  expect(new Set([first, second, third]).size).toBe(3);
  const opensWith = async ({ body, headers }: (typeof received)[number]) => {
    const tried = [first, second, third].map((secret) =>
      raise(client.webhooks.unwrap(body, headers as Record<string, string>, secret)),
    );
    return (await Promise.all(tried)).map((error) => error === undefined);
  };
  expect(await Promise.all(received.map(opensWith))).toEqual([
    [true, true, false],
    [false, false, true],
  ]);
});

test('the log shows what is to be sent, and replays it; a disabled endpoint has to be enabled first', async () => {
  const { id } = await create();
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const video = await client.videos.create({ prompt: `logged ${count}` });
    await succeed(gateway, video.id.slice('video_'.length));
    ids.unshift(video.id);
  }
  const path = `/v1/webhook_endpoints/${id}/deliveries`;
  const read = async (query = '') =>
    shownAs(webhookDeliveryListSchema, await (await gateway.send(key, `${path}${query}`)).json());
  const all = await read();
  expect(all.data.map(({ event }) => [event.type, event.data.id])).toEqual(
    ids.map((video) => ['video.completed', video]),
  );
  expect(all.data[0]).toMatchObject({ status: 'pending', attempt_count: 0, attempts: [], webhook_endpoint_id: id });
  const first = await read('?limit=2');
  const rest = await read(`?limit=2&after=${first.last_id}`);
  expect([...first.data, ...rest.data]).toEqual(all.data);
  expect([first.has_more, rest.has_more]).toEqual([true, false]);
  expect((await read('?status=failed')).data).toEqual([]);

  const [{ id: delivery } = { id: '' }] = all.data;
  await gateway.database.webhookDelivery.update({ where: { id: delivery }, data: { state: 'failed', tries: 7 } });
  const replayPath = `${path}/${delivery}/replay`;
  await client.webhooks.update(id, { status: 'disabled' } as object);
  expect((await gateway.send(key, replayPath, { method: 'POST' })).status).toBe(400);
  expect(await client.webhooks.update(id, { status: 'enabled' } as object)).toMatchObject({ status: 'enabled' });
  const replayed = await (await gateway.send(key, replayPath, { method: 'POST' })).json();
  expect(shownAs(webhookDeliverySchema, replayed)).toMatchObject({ id: delivery, status: 'pending', attempt_count: 7 });
});

test('one that was disabled for its failures is enabled again by another URL, and not by another name', async () => {
  const { id } = await create();
  const failing = { disabledAt: new Date(), disabledReason: 'Every try failed.', failingSince: new Date() };
  await gateway.database.webhookEndpoint.update({ where: { id }, data: failing });
  expect(await client.webhooks.update(id, { name: 'renamed' })).toMatchObject({
    status: 'disabled',
    disabled_reason: 'Every try failed.',
  });
  expect(await client.webhooks.update(id, { url: `${hook}/other` })).toMatchObject({
    status: 'enabled',
    disabled_reason: null,
    failing_since: null,
  });
});

test('an owner has fifty endpoints at most, also when many are made at once', async () => {
  const made = await Promise.all(Array.from({ length: 55 }, () => raise(create())));
  const refused = made.filter((error) => error !== undefined);
  expect(refused).toHaveLength(5);
  for (const error of refused) expect(error).toMatchObject({ status: 400, code: 'invalid_request' });
  await create(stranger);
});

test('the operator manages his own in the same shapes', async () => {
  const body = {
    name: 'watch',
    url: hook,
    event_types: ['token.needs_attention', 'pool.exhausted', 'generation.failed'],
  };
  const made = shownAs(webhookEndpointWithSecretSchema, await (await admin('webhook_endpoints', body)).json());
  const path = `webhook_endpoints/${made.id}`;
  const test = await admin(`${path}/test`, { event_type: 'pool.exhausted' });
  expect(await test.json()).toMatchObject({ status_code: 204, success: true });
  const { body: sent, headers } = received[0] as (typeof received)[number];
  const event: unknown = await client.webhooks.unwrap(sent, headers as Record<string, string>, made.signing_secret);
  expect(event).toMatchObject({ type: 'pool.exhausted' });
  const rotated = await admin(`${path}/rotate_secret`, {});
  expect(shownAs(webhookEndpointWithSecretSchema, await rotated.json()).signing_secret).not.toBe(made.signing_secret);
  expect(shownAs(webhookEndpointSchema, await (await admin(path, { name: 'other' })).json()).name).toBe('other');
  const listed = shownAs(webhookEndpointListSchema, await (await admin('webhook_endpoints')).json());
  expect(listed.data).toMatchObject([{ id: made.id }]);
  expect(shownAs(webhookDeliveryListSchema, await (await admin(`${path}/deliveries`)).json()).data).toEqual([]);
  expect((await admin(path, undefined, 'DELETE')).status).toBe(200);
  expect((await admin(path)).status).toBe(404);
});
