import { waitFor } from '@reelay/testing/wait-for';
import { type ErrorBody, internalKey, TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());

describe('the door', () => {
  it('is open for probes only', async () => {
    expect(await stack.call('GET', '/healthz', { key: null })).toMatchObject({
      status: 200,
      body: { status: 'ok', app: 'token-manager', version: '1.2.3', commit: 'abcdef0' },
    });
    expect(await stack.call('GET', '/readyz', { key: null })).toMatchObject({
      status: 200,
      body: { status: 'ok', postgres: true, redis: true },
    });
  });

  it.each([null, 'wrong-key-of-the-tests-0123456789', internalKey.slice(0, -1), `${internalKey} x`])(
    'is shut without the internal key, on every route (%#)',
    async (key) => {
      for (const [method, path] of [
        ['GET', '/internal/tokens'],
        ['POST', '/internal/tokens'],
        ['GET', '/internal/token-counts'],
        ['GET', '/internal/tokens/x'],
        ['PATCH', '/internal/tokens/x'],
        ['DELETE', '/internal/tokens/x'],
        ['POST', '/internal/tokens/x/test'],
        ['POST', '/internal/tokens/x/refresh'],
        ['POST', '/internal/tokens/x/credential'],
        ['GET', '/internal/tokens/x/events'],
        ['POST', '/internal/tokens/x/disable'],
        ['POST', '/internal/tokens/x/enable'],
        ['GET', '/internal/proxies'],
        ['PUT', '/internal/proxies'],
      ] as const) {
        expect(await stack.call(method, path, { key })).toMatchObject({
          status: 401,
          body: { error: { code: 'unauthorized_internal' } },
        });
      }
    },
  );
});

describe('errors', () => {
  it('are bodies of our kind, with a request id, whoever made them', async () => {
    const unknownRoute = await stack.call('GET', '/nowhere');
    expect(unknownRoute).toMatchObject({ status: 404, body: { error: { code: 'route_not_found', param: null } } });
    expect(unknownRoute.headers.get('x-request-id')).toMatch(/^req_/);
    expect(await stack.call('POST', '/internal/tokens', { body: '{"accessToken": oops' })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request' } },
    });
    expect(await stack.call('POST', '/internal/tokens', { body: {} })).toMatchObject({
      status: 400,
      body: { error: { code: 'missing_required_parameter', param: 'accessToken' } },
    });
    expect(await stack.call('POST', '/internal/tokens', { body: `"${'x'.repeat(1_100_000)}"` })).toMatchObject({
      status: 413,
      body: { error: { code: 'request_too_large' } },
    });
    expect(await stack.call('POST', '/internal/tokens/none/credential', { body: {} })).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    });
    expect(await stack.call('DELETE', '/internal/tokens/none')).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    });
  });

  it.each([
    '/internal/imports?dryrun=1',
    '/internal/imports?clientId=%00',
    '/internal/batches?after=%00',
    '/internal/batches/x?after=99999999999',
    '/internal/tokens/x/events?before=1',
  ])('tell of a query that is not understood, instead of doing something else: %s', async (path) => {
    const method = path.includes('imports') ? 'POST' : 'GET';
    expect(await stack.call(method, path)).toMatchObject({ status: 400, body: { error: { code: 'invalid_value' } } });
  });

  it('come without the path in the log where a key was pasted into it', async () => {
    const keys = ['canary-in-a-path-that-is-no-route', `canary-in-the-place-of-an-id-${'x'.repeat(20)}`] as const;
    expect((await stack.call('GET', `/${keys[0]}`)).status).toBe(404);
    expect((await stack.call('GET', `/internal/tokens/${keys[1]}`)).status).toBe(404);
    await waitFor(() => stack.lines.some((line) => line.includes('/internal/tokens/(')), { timeoutMs: 10_000 });
    for (const key of keys) expect(stack.lines.join('')).not.toContain(key);
  });

  it('name the field and never what stood in it', async () => {
    const secret = 'canary-7f3a-in-a-bad-proxy-address';
    const body = { target: 'simulator', accessToken: 'a'.repeat(20), proxyUrl: `socks4://user:${secret}@proxy:1` };
    const answer = await stack.call<ErrorBody>('POST', '/internal/tokens', { body });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_value', param: 'proxyUrl' } } });
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    expect(stack.lines.join('')).not.toContain(secret);
  });

  it('say so when the target is not one of this installation', async () => {
    const manager = await stack.start({ simulatorUrl: undefined });
    const body = { target: 'simulator', accessToken: 'a'.repeat(20) };
    expect(await stack.call('POST', '/internal/tokens', { body, manager })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_value', param: 'target' } },
    });
    await stack.stop(manager);
  });
});
