/** No answer of the routes that the gateway passes on holds a secret, whatever was asked and however it ended. */
import type { BatchView } from '@reelay/contracts/batches';
import type { TokenList } from '@reelay/contracts/token-list';
import { endOf, upload } from '../testing/import-file.js';
import { internalKey, masterKey, TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());

/** Told apart from everything else, wherever it turns up; its end is what may be shown. */
const mark = 'canary5b1f0c9d7e';
let planted = 0;
function canary(): string {
  planted += 1;
  return `${mark}-${planted}-aaaa`;
}

const answers = new Map<string, string>();
let asked = 0;
async function ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
  const answer = await stack.call<Record<string, unknown>>(method, path, body === undefined ? {} : { body });
  asked += 1;
  answers.set(`${asked} ${method} ${path} ${answer.status}`, JSON.stringify([answer.body, [...answer.headers]]));
  return answer;
}

test('a secret planted in every field is in no answer of any route', async () => {
  const account = { email: 'ada@example.com' };
  const [sessionToken, refreshToken] = [canary(), canary()];
  stack.upstream.sessionTokens.set(sessionToken, account);
  const proxyUrl = `socks5://${canary()}:${canary()}@127.0.0.1:9`;
  // Of the proxies of the installation the user is shown.
  const shownProxyUrl = `socks5://user:${canary()}@127.0.0.1:9`;
  const whole = { target: 'simulator', sessionToken, refreshToken, label: 'ada' };
  const accessToken = stack.upstream.mint(account);
  const { body: added } = await ask('POST', '/internal/tokens', { ...whole, accessToken });
  const one = `/internal/tokens/${String(added.id)}`;

  // What is refused must not be quoted.
  for (const bad of [
    { accessToken: `${canary()}\n${canary()}` },
    { accessToken: canary() },
    { ...whole, accessToken, sessionToken: `${canary()} ${canary()}` },
    { ...whole, accessToken, proxyUrl: `ftp://me:${canary()}@x` },
    `{"accessToken": "${canary()}`,
    `"${canary()}"`,
  ]) {
    await ask('POST', '/internal/tokens', bad);
  }
  await ask('PATCH', one, { proxyUrl: `http://me:${canary()}@x/y` });
  await ask('PATCH', one, { accessToken: canary() });
  await ask('PATCH', one, { label: 'ada', proxyUrl });
  await ask('PUT', '/internal/proxies', { defaultProxyUrl: proxyUrl, uploadProxyUrl: `ftp://me:${canary()}@x` });
  await ask('PUT', '/internal/proxies', { defaultProxyUrl: shownProxyUrl, uploadProxyUrl: shownProxyUrl });
  // Through a proxy that is not there, then refused by an upstream that repeats what it was sent.
  await ask('POST', `${one}/test`);
  await ask('POST', `${one}/refresh`);
  await ask('PUT', '/internal/proxies', { defaultProxyUrl: null, uploadProxyUrl: null });
  await ask('PATCH', one, { proxyUrl: null });
  for (const [path, secret] of [
    ['/backend/me', accessToken],
    ['/api/auth/session', sessionToken],
    ['/oauth/token', refreshToken],
  ] as const) {
    const error = { code: 'x', message: `What is ${secret}?`, type: 'x', param: null };
    stack.upstream.failures.set(path, { status: 400, body: { error } });
  }
  await ask('POST', `${one}/test`);
  await ask('POST', `${one}/refresh`);
  stack.upstream.failures.clear();
  await ask('POST', `${one}/refresh`);
  await ask('POST', `${one}/test`);
  await ask('PATCH', one, { proxyUrl });

  for (const work of [{ kind: 'set_proxy', proxyUrl }, { kind: 'test' }, { kind: 'refresh' }, { kind: 'disable' }]) {
    const { body: batch } = await ask('POST', '/internal/batches', { ...work, filter: {} });
    await endOf(stack, String(batch.id));
    await ask('GET', `/internal/batches/${String(batch.id)}`);
  }
  await ask('POST', '/internal/batches', { kind: 'set_proxy', proxyUrl: `ftp://me:${canary()}@x`, filter: {} });
  for (const [file, query] of [
    [`${canary()}\n${canary()}`, { mode: 'refresh' }],
    [
      [
        {
          access_token: stack.upstream.mint({ email: 'bob@example.com' }),
          st: canary(),
          rt: canary(),
          proxy_url: proxyUrl,
        },
      ],
      {},
    ],
    [[{ access_token: canary(), proxy_url: `ftp://me:${canary()}@x` }, { session_token: canary() }], { dryRun: '1' }],
    [`[{"access_token": "${canary()}`, {}],
  ] as const) {
    const { body } = await upload(stack, file, query);
    answers.set(`import ${answers.size}`, JSON.stringify(body));
    const { id } = body as BatchView;
    if (id === undefined) continue;
    await endOf(stack, id);
    await ask('GET', `/internal/batches/${id}`);
    await ask('POST', `/internal/batches/${id}/cancel`);
  }

  await ask('POST', `${one}/disable`, { reason: 'a rest' });
  await ask('POST', `${one}/enable`);
  const { body: list } = await ask('GET', '/internal/tokens');
  for (const { id } of (list as unknown as TokenList).data) {
    await ask('GET', `/internal/tokens/${id}`);
    await ask('GET', `/internal/tokens/${id}/events`);
  }
  for (const path of ['tokens?q=ada', 'token-counts', 'proxies', 'batches', 'exports'])
    await ask('GET', `/internal/${path}`);
  await ask('DELETE', one);

  const secrets = [mark, masterKey, internalKey, ...stack.upstream.accessTokens.keys()];
  for (const [route, text] of answers) {
    for (const secret of secrets)
      expect({ route, holds: text.includes(secret) ? text : false }).toEqual({ route, holds: false });
  }
  expect(JSON.parse([...answers.values()][0] ?? '')).toMatchObject([{ accessTokenHint: accessToken.slice(-4) }, {}]);
}, 240_000);
