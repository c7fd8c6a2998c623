/**
 * No secret stays anywhere: everything is done with planted ones, also against an upstream that repeats what it was sent, and then every
 * table, every Redis key, every line of every process and every file is searched for them, in whatever form.
 *
 * @slow
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startHttpProxy } from '@reelay/testing/http-proxy';
import type { TestProxy } from '@reelay/testing/proxy-tunnels';
import { startTestS3Server, type TestS3Server } from '@reelay/testing/s3-server';
import { SecretForms } from '@reelay/testing/secret-forms';
import { dumpRedis, dumpTables } from '@reelay/testing/stored-texts';
import { waitFor } from '@reelay/testing/wait-for';
import { Redis } from 'ioredis';
import { ask, chat } from '../support/chat.js';
import { type SimulatedAccount, SimulatorProcess } from '../support/simulator.js';
import { Stack } from '../support/stack.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** Told apart from everything else, with characters that every encoding changes. */
const planted = (name: string) => `canary?${name}/+=&"5b1f0c9d7e`;
const key = (name: string) => `canary-${name}-key-5b1f0c9d7e64a0`;

const keys = { admin: key('admin'), web: key('web'), internal: key('internal'), master: key('master') };
const proxyPassword = `canary@${'proxy:word'}/5b1f0c9d7e`;

let simulator: SimulatorProcess;
let proxy: TestProxy;
let upstream: EchoingUpstream;
let bucket: TestS3Server;
let receiver: WebhookReceiver;
let stack: Stack;
let accounts: Record<'added' | 'offline' | 'session' | 'refresh', SimulatedAccount>;
const secrets: Record<string, string> = {
  'admin key': keys.admin,
  'web key': keys.web,
  'internal key': keys.internal,
  'master key': keys.master,
  'password of a proxy': proxyPassword,
  'secret of the bucket': key('bucket'),
};

beforeAll(async () => {
  [simulator, proxy, bucket, receiver] = await Promise.all([
    SimulatorProcess.start({ SIMULATOR_RENDER_MS: '300' }),
    startHttpProxy({ user: 'canary', password: proxyPassword }),
    startTestS3Server({ id: 'canary', secret: key('bucket') }),
    WebhookReceiver.start(),
  ]);
  upstream = await EchoingUpstream.start(simulator.url);
  const [made] = await Promise.all([
    Promise.all(
      ['added', 'offline', 'session', 'refresh'].map((name) =>
        simulator.post<SimulatedAccount>('accounts', {
          email: `${name}@canary.test`,
          plan: 'chatgpt_plus',
          sora2: 'active',
        }),
      ),
    ),
    Stack.start({
      env: {
        ...{ SIMULATOR: '0', SIMULATOR_URL: upstream.url, LOG_LEVEL: 'debug', LOG_FORMAT: 'json' },
        ...{ S3_BUCKET: bucket.bucket, S3_ENDPOINT: bucket.endpoint, S3_ACCESS_KEY_ID: bucket.accessKey.id },
        ...{ S3_SECRET_ACCESS_KEY: bucket.accessKey.secret, FETCH_ALLOW: new URL(receiver.url).host },
        ...{ ADMIN_KEY: keys.admin, WEB_KEY: keys.web, INTERNAL_KEY: keys.internal, MASTER_KEY: keys.master },
      },
      settings: {
        ...{ 'poll.minimumMs': 100, 'submit.retryMinimumMs': 50, 'submit.retryMaximumMs': 200, 'timer.assignMs': 100 },
        ...{ 'token.coolDownMs': 200, 'token.coolDownLongestMs': 400, 'batch.retryMs': 50 },
        ...{ 'webhook.retryMs': 100, 'webhook.retryLongestMs': 200, 'timer.webhookMs': 100 },
      },
    }).then((started) => {
      stack = started;
    }),
  ]);
  const [added, offline, session, refresh] = made as [SimulatedAccount, ...SimulatedAccount[]] & SimulatedAccount[];
  accounts = { added, offline, session, refresh } as typeof accounts;
  secrets['API key'] = stack.run.apiKey;
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await upstream?.close();
  await Promise.all([simulator?.stop(), proxy?.close(), bucket?.close(), receiver?.close()]);
});

test('everything is done with planted secrets, and none is found anywhere afterwards', async () => {
  await remember();
  await addAccount();
  await Promise.all([makeKeys(), hearOfEverything()]);
  await Promise.all([importEverything(), misuseKeys(), generate('before')]);
  await refreshAfter401();
  await withEchoes();
  await waitForWebhooks();
  await exportAll();
  await remember();
  await searchEverything();
}, 150_000);

/** Tokens that the upstream has given meanwhile are secrets too. */
async function remember(): Promise<void> {
  for (const { email, accessToken, sessionToken, refreshToken } of await simulator.accounts()) {
    const [header = '', claims = '', signature = ''] = accessToken.split('.');
    secrets[`access token of ${email} ${signature}`] = claims;
    secrets[`signature of ${email} ${signature}`] = signature;
    secrets['beginning of every access token'] = header;
    // Their beginning is the account's name, as everybody may see it.
    for (const token of [sessionToken, refreshToken]) secrets[`token ${token}`] = token.split('.').at(-1) ?? token;
  }
}

async function admin<Answer>(method: string, route: string, body?: string | object): Promise<Answer> {
  const response = await fetch(`${stack.run.gatewayUrl}/api/admin/${route}`, {
    method,
    headers: {
      authorization: `Bearer ${keys.admin}`,
      ...(typeof body === 'object' && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
  expect(new SecretForms(secrets).findIn(text)).toEqual([]);
  return JSON.parse(text) as Answer;
}

async function batch(route: string, body: string | object): Promise<{ verdicts: Record<string, number> }> {
  const { id } = await admin<{ id: string }>('POST', route, body);
  let seen: { state: string; verdicts: Record<string, number> } = { state: '', verdicts: {} };
  const isOver = async () => {
    seen = await admin('GET', `batches/${id}?limit=100`);
    return seen.state !== 'receiving' && seen.state !== 'running';
  };
  await waitFor(isOver, { timeoutMs: 60_000, describe: () => `the end of ${route}: ${JSON.stringify(seen)}` });
  return seen;
}

async function addAccount(): Promise<void> {
  const { accessToken, sessionToken, refreshToken } = accounts.added;
  const { port } = proxy;
  const proxyUrl = `http://canary:${encodeURIComponent(proxyPassword)}@127.0.0.1:${port}`;
  await admin('POST', 'tokens', { target: 'simulator', accessToken, sessionToken, refreshToken, proxyUrl });
  await admin('PUT', 'proxies', { uploadProxyUrl: proxyUrl });
  expect(proxy.log.length).toBeGreaterThan(0);
}

/** One made here, and one brought along; the answers that show a secret are the only ones that may. */
async function makeKeys(): Promise<void> {
  secrets['an imported key'] = key('imported');
  await admin('POST', 'api-keys', { name: 'brought along', key: key('imported') });
  const { key: made } = await tell<{ key: string }>('api/admin/api-keys', keys.admin, { name: 'made here' });
  secrets['a made key'] = made;
  for (const client of [made, key('imported')]) {
    await tell('v1/videos', client, { prompt: 'a canary of another client', model: 'sora2-landscape-10s' });
  }
}

/** Of a client and of the operator, each with a secret that is replaced while the old one is still good. */
async function hearOfEverything(): Promise<void> {
  const places: [name: string, path: string, by: string][] = [
    ['a client', 'v1/webhook_endpoints', stack.run.apiKey],
    ['the operator', 'api/admin/webhook_endpoints', keys.admin],
  ];
  for (const [name, path, by] of places) {
    const hook = { name, url: receiver.url, event_types: ['generation.succeeded'] };
    const made = await tell<{ id: string; signing_secret: string }>(path, by, hook);
    const rotation = { keep_old_secret_active_for_24_hours: true };
    const rotated = await tell<{ signing_secret: string }>(`${path}/${made.id}/rotate_secret`, by, rotation);
    // Without what every one of them begins with.
    secrets[`first signing secret of ${name}`] = made.signing_secret.replace('whsec_', '');
    secrets[`second signing secret of ${name}`] = rotated.signing_secret.replace('whsec_', '');
  }
}

/** What the receiver refused, quoting it all, was written down with its answer. */
async function waitForWebhooks(): Promise<void> {
  const describe = () => `webhooks taken after a refusal: ${receiver.refused} refused, ${receiver.taken} taken`;
  await waitFor(() => receiver.refused > 0 && receiver.taken > 3, { timeoutMs: 60_000, describe });
}

async function tell<Answer>(path: string, by: string, body: object): Promise<Answer> {
  const response = await fetch(`${stack.run.gatewayUrl}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}

async function importEverything(): Promise<void> {
  const target = 'target=simulator';
  for (const name of ['broken', 'refused', 'cut', 'malformed']) secrets[`token of a ${name} row`] = planted(name);
  const file = JSON.stringify([
    { email: 'offline@canary.test', access_token: accounts.offline.accessToken, refresh_token: planted('broken') },
    { email: 'x', proxy_url: `ftp://u:${planted('malformed')}@h`, access_token: planted('malformed') },
  ]);
  await batch(`tokens/import?${target}&mode=offline&dryRun=1`, file);
  expect((await batch(`tokens/import?${target}&mode=offline`, file)).verdicts).toMatchObject({ added: 1, invalid: 1 });
  const lists = [
    `${accounts.refresh.refreshToken}\n${planted('refused')}\n`,
    `token,remark\n"${planted('broken')}" x",y\n`,
  ];
  const [refreshed] = await Promise.all([
    batch(`tokens/import?${target}&mode=refresh`, lists[0] ?? ''),
    batch(`tokens/import?${target}&mode=session`, `${accounts.session.sessionToken}\n${planted('refused')}\n`),
    batch(`tokens/import?${target}&mode=access`, lists[1] ?? ''),
    batch(`tokens/import?${target}&mode=access`, `[{"access_token": "${planted('cut')}`),
  ]);
  expect(refreshed.verdicts).toMatchObject({ added: 1 });
}

/** Wrong ones, and right ones in the wrong place. */
async function misuseKeys(): Promise<void> {
  const { gatewayUrl, tokenManagerUrl, apiKey } = stack.run;
  secrets['a wrong key'] = key('wrong');
  const attempts: [string, RequestInit][] = [
    [`${gatewayUrl}/v1/models`, { headers: { authorization: `Bearer ${key('wrong')}` } }],
    [`${gatewayUrl}/api/admin/tokens`, { headers: { authorization: `Bearer ${apiKey}` } }],
    [
      `${gatewayUrl}/api/admin/tokens/export`,
      { headers: { authorization: `Bearer ${keys.admin}`, 'x-admin-key-confirm': key('wrong') } },
    ],
    [`${gatewayUrl}/v1/videos?api_key=${apiKey}&key=${keys.admin}`, {}],
    [`${gatewayUrl}/nothing/${apiKey}`, {}],
    [
      `${gatewayUrl}/api/admin/tokens`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' },
        body: `{"accessToken": "${key('wrong')}", `,
      },
    ],
    [`${tokenManagerUrl}/internal/tokens`, { headers: { authorization: `Bearer ${key('wrong')}` } }],
  ];
  for (const [url, request] of attempts) expect((await fetch(url, request)).status).toBeGreaterThanOrEqual(400);
}

async function generate(what: string): Promise<void> {
  const done = await Promise.all([
    ask(stack, 'sora2-landscape-10s', `a canary ${what}`),
    chat(stack, { model: 'gpt-image', messages: [{ role: 'user', content: `a canary in ink ${what}` }], stream: true }),
  ]);
  for (const outcome of done) expect(outcome).toMatchObject({ error: undefined, finishReason: 'stop' });
}

async function refreshAfter401(): Promise<void> {
  await simulator.fault({ kind: 'token_invalidated', endpoint: 'create', count: 1 });
  await generate('after a 401');
  await batch('batches', { kind: 'refresh', filter: {} });
  await batch('batches', { kind: 'test', filter: {} });
  await remember();
}

/** Errors that quote the request, of every kind of call that carries a credential. */
async function withEchoes(): Promise<void> {
  const ways: [place: string, status: number][] = [
    ['/backend/nf/create', 400],
    ['/backend-api/sentinel/req', 403],
    ['/backend/me', 500],
    ['/backend/nf/check', 200],
    ['/api/auth/session', 500],
    ['/oauth/token', 400],
    ['/backend/nf/pending/v2', 502],
  ];
  for (const [place, status] of ways) upstream.echo.set(place, { status, times: 4 });
  await Promise.all([
    ask(stack, 'sora2-landscape-10s', 'a canary that is repeated'),
    batch('batches', { kind: 'test', filter: {} }),
    batch('batches', { kind: 'refresh', filter: {} }),
  ]);
  for (const [place] of ways) upstream.echo.delete(place);
  for (const place of ['/backend/me', '/api/auth/session', '/oauth/token']) expect(upstream.echoed).toContain(place);
  expect(upstream.echoed.some((place) => place.endsWith('/nf/create') || place.endsWith('/sentinel/req'))).toBe(true);
}

async function exportAll(): Promise<void> {
  await admin('GET', 'tokens/export');
  const response = await fetch(`${stack.run.gatewayUrl}/api/admin/tokens/export`, {
    headers: { authorization: `Bearer ${keys.admin}`, 'x-admin-key-confirm': keys.admin },
  });
  expect(new SecretForms(secrets).findIn(await response.text()).length).toBeGreaterThan(0);
}

async function searchEverything(): Promise<void> {
  const forms = new SecretForms(secrets);
  const redis = new Redis(stack.run.redisUrl);
  const [tables, queues] = await Promise.all([dumpTables(stack.run.databaseUrl), dumpRedis(redis)]);
  redis.disconnect();
  const places = { tables, redis: queues, logs: stack.output.split('\n') };
  for (const [place, texts] of Object.entries(places)) {
    expect(texts.length).toBeGreaterThan(20);
    expect({ place, found: texts.flatMap((text) => forms.findIn(text)).slice(0, 5) }).toEqual({ place, found: [] });
  }
  for (const table of [
    'token',
    'upstream_call',
    'token_event',
    'batch_row',
    'api_key',
    'submit_attempt',
    'sealed_setting',
    'webhook_endpoint',
    'webhook_delivery',
    'webhook_attempt',
  ]) {
    expect(tables.some((row) => row.startsWith(`public.${table} `))).toBe(true);
  }
  expect(filesWith(forms.needles)).toEqual([]);
}

/** Also what the databases have on disk, their journals and their logs; the keys' own files aside. */
function filesWith(needles: string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'reelay-needles-'));
  try {
    writeFileSync(path.join(folder, 'needles'), needles.map((needle) => `${needle}\n`).join(''));
    const options = ['-rlaF', '--exclude-dir=keys', '--exclude=run.json', '-f', path.join(folder, 'needles')];
    return execFileSync('grep', [...options, stack.homeDir], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  } catch (error) {
    // It says so when there is nothing.
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Stands before the simulator and, on command, answers with what it was sent. */
class EchoingUpstream {
  readonly echo = new Map<string, { status: number; times: number }>();
  readonly echoed: string[] = [];
  readonly #server: Server;

  private constructor(simulatorUrl: string) {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const place = (request.url ?? '').split('?')[0] ?? '';
        const echo = this.echo.get(place);
        if (echo && echo.times > 0) {
          echo.times -= 1;
          this.echoed.push(place);
          const said = `cannot take ${JSON.stringify(request.headers)} ${body.toString()}`;
          const headers = { 'content-type': 'application/json', 'x-echo': request.headers.authorization ?? '-' };
          response
            .writeHead(echo.status, headers)
            .end(JSON.stringify({ error: { message: said, code: said, type: said }, detail: said }));
          return;
        }
        const { method, headers } = request;
        const onward = http.request(`${simulatorUrl}${request.url}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        onward.on('error', () => response.destroy());
        onward.end(body);
      });
    });
  }

  static async start(simulatorUrl: string): Promise<EchoingUpstream> {
    const upstream = new EchoingUpstream(simulatorUrl);
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
