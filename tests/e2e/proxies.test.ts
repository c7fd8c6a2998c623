/** Which way every call takes, told by those who see it: the proxies by their logs, the upstream by the address that calls come from. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startHttpProxy } from '@reelay/testing/http-proxy';
import type { TestProxy } from '@reelay/testing/proxy-tunnels';
import { startSocksProxy } from '@reelay/testing/socks-proxy';
import { ask } from '../support/chat.js';
import { dataUri, sampleImage } from '../support/samples.js';
import { Stack } from '../support/stack.js';

interface Call {
  endpoint: string;
  source: string;
}

const addresses = { http: '127.0.0.2', socks: '127.0.0.3', upload: '127.0.0.4', default: '127.0.0.5' };
const accounts = { http: 'plus@simulator.test', socks: 'pro@simulator.test', default: 'free@simulator.test' };

let stack: Stack;
let proxies: Record<keyof typeof addresses, TestProxy>;
let pictures: Server;
const visitors: (string | undefined)[] = [];
let pictureUrl: string;
let imageUri: string;

beforeAll(async () => {
  const picture = await sampleImage('jpeg');
  imageUri = dataUri('image/jpeg', picture);
  pictures = createServer((request, response) => {
    visitors.push(request.socket.remoteAddress);
    response.setHeader('content-type', 'image/jpeg').end(picture);
  });
  await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve));
  const port = (pictures.address() as AddressInfo).port;
  pictureUrl = `http://127.0.0.1:${port}/picture.jpg`;
  proxies = {
    http: await startHttpProxy({ user: 'plus', password: 'p@ss:word', leavesFrom: addresses.http }),
    socks: await startSocksProxy({ user: 'pro', password: 'geheim', leavesFrom: addresses.socks }),
    upload: await startSocksProxy({ leavesFrom: addresses.upload }),
    default: await startHttpProxy({ leavesFrom: addresses.default }),
  };
  stack = await Stack.start({
    renderMs: 400,
    env: { FETCH_ALLOW: `127.0.0.1:${port}` },
    settings: { 'poll.minimumMs': 150, 'submit.retryMinimumMs': 200, 'submit.retryMaximumMs': 500 },
  });
  await admin('PUT', 'proxies', { defaultProxyUrl: proxies.default.url, uploadProxyUrl: proxies.upload.url });
  const known = await stack.simulator<{ email: string; accessToken: string }[]>('accounts');
  for (const way of ['http', 'socks'] as const) {
    const accessToken = known.find(({ email }) => email === accounts[way])?.accessToken;
    await admin('POST', 'tokens', { target: 'simulator', accessToken, proxyUrl: proxies[way].url });
  }
}, 120_000);
afterAll(async () => {
  await stack?.stop();
  await Promise.all(Object.values(proxies ?? {}).map((proxy) => proxy.close()));
  pictures?.close();
});

async function admin(method: string, route: string, body: object): Promise<unknown> {
  const response = await fetch(`${stack.run.gatewayUrl}/api/admin/${route}`, {
    method,
    headers: { authorization: `Bearer ${stack.run.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function callsOf(account: string, since: number): Promise<Call[]> {
  return (await stack.simulator<{ calls: Call[] }>(`calls?account=${account}&since=${since}`)).calls;
}

const picture = (url: string, text: string) => [
  { type: 'text', text },
  { type: 'image_url', image_url: { url } },
];

test('every call of a task leaves by its account’s proxy, uploads by their own, and user addresses by none', async () => {
  const since = Date.now();
  const answers = await Promise.all(
    // As many as there are slots, so that every account has some.
    Array.from({ length: 9 }, (_, nth) => {
      const url = nth % 2 === 0 ? pictureUrl : imageUri;
      return ask(stack, 'sora2-landscape-10s', picture(url, `picture number ${nth}`));
    }),
  );
  for (const answer of answers) expect(answer).toMatchObject({ error: undefined, finishReason: 'stop' });

  for (const way of ['http', 'socks', 'default'] as const) {
    const calls = await callsOf(accounts[way], since);
    const others = calls.filter(({ endpoint }) => endpoint !== 'uploads');
    expect(new Set(others.map(({ source }) => source))).toEqual(new Set([addresses[way]]));
    const endpoints = new Set(others.map(({ endpoint }) => endpoint));
    for (const endpoint of ['sentinel', 'create', 'pending', 'drafts', 'media']) expect(endpoints).toContain(endpoint);
    const uploads = calls.filter(({ endpoint }) => endpoint === 'uploads').map(({ source }) => source);
    expect(new Set(uploads)).toEqual(new Set([addresses.upload]));
  }
  expect(new Set(proxies.http.log.map(({ user }) => user))).toEqual(new Set(['plus']));
  expect(new Set(proxies.socks.log.map(({ user }) => user))).toEqual(new Set(['pro']));
  expect(visitors).toEqual(Array(5).fill('127.0.0.1'));
}, 60_000);

test('a dead proxy is no fault of its account, and another account does the work', async () => {
  await proxies.http.close();
  const answers = await Promise.all(
    Array.from({ length: 4 }, (_, nth) => ask(stack, 'sora2-landscape-10s', `the proxy is dead, number ${nth}`)),
  );
  for (const answer of answers) expect(answer).toMatchObject({ error: undefined, finishReason: 'stop' });
  const tokens = await stack.sql('SELECT state, video_cooling_until AS "coolingUntil" FROM token WHERE identity = $1', [
    accounts.http,
  ]);
  expect(tokens).toEqual([{ state: 'active', coolingUntil: null }]);
  const [refusals] = await stack.sql(`SELECT coalesce(sum(refusals), 0)::int AS count FROM generation`);
  expect(refusals).toEqual({ count: 0 });
}, 60_000);
