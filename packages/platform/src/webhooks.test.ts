import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { checkWebhookUrl, type OutgoingWebhook, sendWebhook, signWebhook } from './send-webhook.js';
import { newWebhookSecret, WebhookSecrets, webhookSecretHint } from './webhook-secrets.js';

const client = new OpenAI({ apiKey: 'not used' });
const event = {
  id: 'evt_1',
  object: 'event',
  created_at: 1_795_000_000,
  type: 'video.completed',
  data: { id: 'video_1' },
} as const;

let server: Server;
let place: string;
let received: { request: IncomingMessage; body: string }[];
let answer: { status: number; headers?: Record<string, string>; body: string };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    received.push({ request, body: Buffer.concat(chunks).toString() });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  received = [];
  answer = { status: 204, body: '' };
});

const outgoing = (fields: Partial<OutgoingWebhook> = {}): OutgoingWebhook => ({
  ...{ url: `http://${place}/hook?tenant=1`, secrets: [newWebhookSecret()], event, timeoutMs: 15_000, allow: [place] },
  ...fields,
});

test("what is sent is what the SDK's unwrap accepts, with either of two secrets and with no other", async () => {
  const secrets = [newWebhookSecret(), newWebhookSecret()];
  expect(await sendWebhook(outgoing({ secrets }))).toMatchObject({ statusCode: 204 });
  const [{ request, body } = { request: undefined, body: '' }] = received;
  expect(request).toMatchObject({ method: 'POST', url: '/hook?tenant=1' });
  expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'evt_1' });
  const headers = request?.headers as Record<string, string>;
  for (const secret of secrets) expect(await client.webhooks.unwrap(body, headers, secret)).toEqual(event);
  await expect(client.webhooks.unwrap(body, headers, newWebhookSecret())).rejects.toThrow(/signature/);
  await expect(client.webhooks.unwrap(`${body} `, headers, secrets[0])).rejects.toThrow(/signature/);
});

test('the time of the try is signed: an old one is refused by whoever checks', async () => {
  const secrets = [newWebhookSecret()];
  await sendWebhook(outgoing({ secrets, now: () => Date.now() - 400_000 }));
  const [{ request, body } = { request: undefined, body: '' }] = received;
  const headers = request?.headers as Record<string, string>;
  await expect(client.webhooks.unwrap(body, headers, secrets[0])).rejects.toThrow(/old/);
});

test('signs as the example of Standard Webhooks', () => {
  const body = '{"test": 2432232314}';
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body };
  expect(signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], signed)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('a redirect is an answer, and is not followed', async () => {
  answer = { status: 307, headers: { location: `http://${place}/elsewhere` }, body: '' };
  expect(await sendWebhook(outgoing())).toMatchObject({ statusCode: 307 });
  expect(received).toHaveLength(1);
});

test('of the answer the first KiB is kept, as text, and our own secret in it is not', async () => {
  const secrets = [newWebhookSecret()];
  answer = { status: 500, body: `your secret is ${secrets[0]}\0${'x'.repeat(5_000)}` };
  const { response } = await sendWebhook(outgoing({ secrets }));
  expect(response).toMatch(/^your secret is …\ufffdx+$/);
  expect(response.length).toBeLessThanOrEqual(1_024);
});

test.each([
  'http://example.com/hook',
  'https://127.0.0.1/hook',
  'https://169.254.169.254/latest',
  'https://localhost/hook',
  'https://[::1]/hook',
  'https://user:password@example.com/hook',
  'https://example.com:6379/hook',
  'ftp://example.com/hook',
  'hook',
])('%s is refused, whether it is given or sent to', async (url) => {
  expect(() => checkWebhookUrl(url, { allow: [] })).toThrow(expect.objectContaining({ name: 'GuardError' }) as Error);
  await expect(sendWebhook(outgoing({ url }))).rejects.toMatchObject({ name: 'GuardError' });
});

test('https to anybody and http to a place that the operator named are taken', () => {
  checkWebhookUrl('https://example.com/hook', { allow: [] });
  checkWebhookUrl(`http://${place}/hook`, { allow: [place] });
  expect(() => checkWebhookUrl(`http://${place}/hook`, { allow: ['127.0.0.1:1'] })).toThrow(/https only/);
});

test('a secret opens only where it was sealed and with the same key', () => {
  const secret = newWebhookSecret();
  const secrets = new WebhookSecrets('web key of the tests 1');
  const sealed = secrets.seal('whe_1', 'secret_sealed', secret);
  expect(sealed).not.toContain(secret.slice(6));
  expect(secrets.open('whe_1', 'secret_sealed', sealed)).toBe(secret);
  expect(() => secrets.open('whe_2', 'secret_sealed', sealed)).toThrow(/belongs to another place/);
  expect(() => new WebhookSecrets('web key of the tests 2').open('whe_1', 'secret_sealed', sealed)).toThrow();
  expect(webhookSecretHint(secret)).toBe(`whsec_…${secret.slice(-4)}`);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
});
