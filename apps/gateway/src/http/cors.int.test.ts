/** What a browser is told about calls from pages of other origins. */
import { writeSettings } from '@reelay/db/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway();
  key = await gateway.newClient();
});

afterAll(() => gateway.close());

const origin = 'https://app.example.org';
const corsOf = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));
const preflight = (path: string, headers: Record<string, string> = {}) =>
  gateway.send(undefined, path, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', ...headers },
  });

test('a page of any origin may ask before it calls, without a key, and with the headers its SDK sends', async () => {
  const asked = 'authorization,content-type,x-stainless-retry-count';
  for (const path of ['/v1/videos', '/v1/chat/completions', '/v1/files/file-x', '/v1/nothing']) {
    const response = await preflight(path, { 'access-control-request-headers': asked });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe(asked.replaceAll(',', ', '));
    expect(response.headers.get('access-control-allow-methods')).toMatch(/POST.*DELETE/);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  }
});

test('answers, errors among them, can be read by the page with the headers it needs', async () => {
  const answers = [
    await gateway.send(key, '/v1/models', { headers: { origin } }),
    await gateway.send(undefined, '/v1/models', { headers: { origin } }),
    await gateway.send(key, '/v1/nothing', { headers: { origin } }),
    await gateway.send(undefined, '/media/none.mp4', { headers: { origin } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 403]);
  for (const { headers } of answers) {
    expect(headers.get('access-control-allow-origin')).toBe('*');
    const exposed = headers.get('access-control-expose-headers');
    for (const name of ['x-request-id', 'openai-poll-after-ms', 'retry-after', 'x-ratelimit-limit-requests']) {
      expect(exposed).toContain(name);
    }
  }
});

test('a stream can be read by the page too', async () => {
  const abort = new AbortController();
  const json = { model: 'sora2-landscape-10s', stream: true, messages: [{ role: 'user', content: 'a boat' }] };
  const response = await gateway.send(key, '/v1/chat/completions', { json, headers: { origin }, signal: abort.signal });
  expect(response.headers.get('content-type')).toMatch(/event-stream/);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  abort.abort();
});

test('what operators use answers no other origin, and neither does anything else', async () => {
  for (const path of ['/api/admin/tokens', '/api/admin/status', '/v1x', '/', '/healthz']) {
    const asked = await preflight(path);
    expect([asked.status >= 400, corsOf(asked)]).toEqual([true, []]);
    expect(corsOf(await gateway.send(gateway.adminKey, path, { headers: { origin } }))).toEqual([]);
  }
  expect(corsOf(await gateway.send(key, '/v1/models'))).toEqual([]);
});

test('an operator names the origins that may, or none', async () => {
  await writeSettings(gateway.database, { 'cors.origins': [origin, 'http://localhost:5173'] });
  const ask = async (of: string) => gateway.send(key, '/v1/models', { headers: { origin: of } });
  await waitFor(async () => (await ask(origin)).headers.get('access-control-allow-origin') === origin, {
    ...{ timeoutMs: 20_000, intervalMs: 50 },
  });
  expect((await ask(origin)).headers.get('vary')).toBe('Origin');
  const other = await ask('https://other.example.org');
  expect([other.status, corsOf(other), other.headers.get('vary')]).toEqual([200, [], 'Origin']);
  expect(corsOf(await preflight('/v1/videos', { origin: 'null' }))).toEqual([]);
  expect((await preflight('/v1/videos', { origin: 'http://localhost:5173' })).status).toBe(204);
});
