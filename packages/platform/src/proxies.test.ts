/** Calls through real proxies: who went through, and whose fault it was when nobody did. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { isTransportError, type TransportError } from '@reelay/contracts/upstream-error';
import { FaultProxy } from '@reelay/testing/fault-proxy';
import { type HttpProxyOptions, startHttpProxy } from '@reelay/testing/http-proxy';
import type { TestProxy } from '@reelay/testing/proxy-tunnels';
import { startSocksProxy } from '@reelay/testing/socks-proxy';
import { testCertificate, trustTestCertificate } from '@reelay/testing/test-certificate';
import { waitFor } from '@reelay/testing/wait-for';
import { download } from './download.js';
import { HttpClient } from './http-client.js';

const open: { close: () => unknown }[] = [];
let client: HttpClient;

beforeAll(trustTestCertificate);
beforeEach(() => {
  client = new HttpClient({ connectTimeoutMs: 2_000 });
});
afterEach(async () => {
  await client.close();
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const echo: RequestListener = (request, response) => void request.pipe(response);

/** The address by which only a proxy of these tests finds it. */
async function serve(scheme: 'http' | 'https', listener = echo): Promise<string> {
  const server: Server = scheme === 'http' ? createServer(listener) : createTlsServer(testCertificate, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `${scheme}://upstream.reelay.test:${(server.address() as AddressInfo).port}`;
}

const starters = {
  http: startHttpProxy,
  https: (options: HttpProxyOptions) => startHttpProxy({ ...options, tls: true }),
  socks5: startSocksProxy,
};
const kinds = Object.keys(starters) as (keyof typeof starters)[];
const credentials = { user: 'a user', password: 'p@ss:/%wörd' };

async function start(kind: keyof typeof starters, options: HttpProxyOptions = {}): Promise<TestProxy> {
  const proxy = await starters[kind]({ resolves: { 'upstream.reelay.test': '127.0.0.1' }, ...options });
  open.push(proxy);
  return proxy;
}

const beforeSend = async () => ({ commitStartedAt: performance.now(), freshMs: 5_000 });

async function failureOf(call: Promise<unknown>): Promise<TransportError> {
  const outcome = await call.catch((error: unknown) => error);
  if (!isTransportError(outcome)) throw new Error(`expected a TransportError, not ${String(outcome)}`);
  return outcome;
}

const ways = kinds.flatMap((kind) =>
  (['http', 'https'] as const).flatMap((scheme) => [
    { kind, scheme, asks: 'nobody', options: { user: undefined } },
    { kind, scheme, asks: 'for a password', options: credentials },
  ]),
);

test.each(ways)('$scheme calls reach the upstream through a $kind proxy that asks $asks', async (way) => {
  const base = await serve(way.scheme);
  const proxy = await start(way.kind, way.options);
  const surroundings = { proxyUrl: proxy.url };
  const call = { method: 'POST', url: base, body: 'hello' } as const;
  for (const more of [{}, { beforeSend }]) {
    expect(await client.request({ ...call, ...more }, surroundings)).toMatchObject({ status: 200, text: 'hello' });
  }
  const target = { target: new URL(base).host, user: way.options.user };
  // The paid one has a tunnel of its own.
  expect(proxy.log).toMatchObject([target, target]);
});

test.each(kinds)('calls through one %s proxy share its tunnel, media included', async (kind) => {
  const base = await serve('https');
  const proxy = await start(kind, credentials);
  const fetch = client.createFetch({ proxyUrl: proxy.url });
  for (let round = 0; round < 3; round += 1) await fetch({ method: 'GET', url: base });
  const media = { url: base, allowedHosts: ['upstream.reelay.test'], maximumBytes: 1_000 };
  await buffer((await download({ route: client.route(proxy.url), ...media })).body);
  expect(proxy.log).toHaveLength(1);
  expect(proxy.openTunnels).toBe(1);
});

test('a SOCKS5 proxy is given names as names, also by socks5h, and addresses as addresses', async () => {
  const base = await serve('http');
  const proxy = await start('socks5', {
    resolves: { 'upstream.reelay.test': '127.0.0.1', '2001:db8::7': '127.0.0.1' },
  });
  const { port } = new URL(base);
  const ask = (host: string, proxyUrl = proxy.url) =>
    client.request({ method: 'GET', url: `http://${host}:${port}` }, { proxyUrl });
  await ask('upstream.reelay.test', proxy.url.replace('socks5:', 'socks5h:'));
  await ask('127.0.0.1');
  await ask('[2001:db8::7]');
  expect(proxy.log.map(({ target }) => target)).toEqual([
    `upstream.reelay.test:${port}`,
    `127.0.0.1:${port}`,
    `[2001:db8::7]:${port}`,
  ]);
});

test('uploads go through their own proxy where there is one, everything else through that of the attempt', async () => {
  const base = await serve('http');
  const [usual, uploads] = [await start('socks5', credentials), await start('http', credentials)];
  const both = client.createFetch({ proxyUrl: usual.url, uploadProxyUrl: uploads.url });
  await both({ method: 'POST', url: base, body: 'picture', purpose: 'upload' });
  expect([usual.log.length, uploads.log.length]).toEqual([0, 1]);
  await both({ method: 'GET', url: base });
  await both({ method: 'POST', url: base, body: '{}', beforeSend });
  expect([usual.log.length, uploads.log.length]).toEqual([2, 1]);
  const one = client.createFetch({ proxyUrl: usual.url });
  await one({ method: 'POST', url: base, body: 'picture', purpose: 'upload' });
  expect([usual.log.length, uploads.log.length]).toEqual([2, 1]);
});

test('an upload proxy alone leaves all other calls direct', async () => {
  const base = (await serve('http')).replace('upstream.reelay.test', '127.0.0.1');
  const uploads = await start('socks5');
  const fetch = client.createFetch({ uploadProxyUrl: uploads.url });
  await fetch({ method: 'GET', url: base });
  expect(uploads.log).toEqual([]);
  await fetch({ method: 'POST', url: base, body: 'picture', purpose: 'upload' });
  expect(uploads.log).toHaveLength(1);
});

test('an answer that takes longer than a tunnel may take to open is waited for', async () => {
  client = new HttpClient({ connectTimeoutMs: 2_000 });
  const base = await serve('https', (_request, response) => void setTimeout(() => response.end('late'), 2_500));
  const started = await Promise.all(kinds.map((kind) => start(kind)));
  const calls = started.flatMap(({ url: proxyUrl }) =>
    [{}, { beforeSend }].map((more) => client.request({ method: 'POST', url: base, ...more }, { proxyUrl })),
  );
  expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(Array(6).fill('late'));
});

describe('that nothing was sent, and whose fault it was, is told where', () => {
  /** Every way of a call, and nothing secret in what it says. */
  async function expectFault(hop: 'proxy' | 'upstream', proxyUrl: string, url: string): Promise<void> {
    for (const more of [{}, { beforeSend }]) {
      const failure = await failureOf(client.request({ method: 'POST', url, ...more }, { proxyUrl }));
      expect(failure).toMatchObject({ sent: false, phase: 'connect', hop });
      expect(`${failure.message} ${JSON.stringify(failure.cause)}`).not.toMatch(/wrong|p@ss|p%40ss/);
    }
  }

  test.each(kinds)('the %s proxy refuses the password', async (kind) => {
    const proxy = await start(kind, credentials);
    const url = await serve('http');
    await expectFault('proxy', proxy.url.replace(/:[^:/]*@/, ':wrong@'), url);
    await expectFault('proxy', proxy.url.replace(/[^/]*@/, ''), url);
    expect(proxy.log).toEqual([]);
  });

  test.each(kinds)('the %s proxy is dead', async (kind) => {
    const proxy = await start(kind, credentials);
    await proxy.close();
    await expectFault('proxy', proxy.url, await serve('http'));
  });

  test.each(kinds)('the %s proxy accepts and says nothing', async (kind) => {
    client = new HttpClient({ connectTimeoutMs: 300 });
    const proxy = await start(kind);
    const silent = await FaultProxy.open(`http://127.0.0.1:${proxy.port}`);
    open.push(silent);
    silent.set({ isBlackhole: true });
    const proxyUrl = proxy.url.replace(`:${proxy.port}`, `:${silent.port}`);
    await expectFault('proxy', proxyUrl, await serve('http'));
    // Nor does it matter whether it dies before or after it has consented.
    silent.set({ resetAfterBytes: { down: kind === 'https' ? 2_500 : 12 } });
    await expectFault('proxy', proxyUrl, await serve('https'));
  });

  test.each(kinds)('the %s proxy has a host that does not exist, or an address that makes no sense', async (kind) => {
    const url = await serve('http');
    await expectFault('proxy', `${kind}://u:wrong@nowhere.invalid:1080`, url);
    await expectFault('proxy', `${kind}://u:wrong@`, url);
    await expectFault('proxy', `${kind}://u:wrong%@127.0.0.1:1`, url);
    await expectFault('proxy', 'socks4://u:wrong@127.0.0.1:1', url);
  });

  test.each([
    ...[1, 2, 6, 7, 8, 99].map((code) => ['socks5', code, 'proxy'] as const),
    ...[3, 4, 5].map((code) => ['socks5', code, 'upstream'] as const),
    ...[400, 403, 429, 500, 502, 503, 504].map((code) => ['http', code, 'proxy'] as const),
  ])('a %s proxy answers %d', async (kind, code, hop) => {
    const proxy = await start(kind);
    proxy.refuseWith(code);
    await expectFault(hop, proxy.url, await serve('http'));
  });

  test.each(kinds)('the upstream behind a %s proxy is not who it says', async (kind) => {
    const proxy = await start(kind, { resolves: { 'somebody.else': '127.0.0.1' } });
    await expectFault('upstream', proxy.url, (await serve('https')).replace('upstream.reelay.test', 'somebody.else'));
    await waitFor(() => proxy.openTunnels === 0, { timeoutMs: 8_000 });
  });
});

test.each(kinds)('a paid request is not written when the %s proxy hangs up while beforeSend waits', async (kind) => {
  const received: string[] = [];
  const base = await serve('http', (request, response) => {
    received.push(request.url ?? '');
    response.end();
  });
  const proxy = await start(kind);
  const dying = async () => {
    await proxy.close();
    // One round of the event loop, so that the end has been read.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return beforeSend();
  };
  const call = client.request({ method: 'POST', url: base, beforeSend: dying }, { proxyUrl: proxy.url });
  expect(await failureOf(call)).toMatchObject({ sent: false });
  expect(received).toEqual([]);
});

describe('a proxy that', () => {
  /** By the bytes it says when it is asked for a tunnel. Returns its address and how many have asked. */
  async function startRaw(onConnect: (socket: Socket) => void): Promise<{ proxyUrl: string; asked: () => number }> {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      socket.once('data', () => onConnect(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    return { proxyUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => sockets.length };
  }

  const url = 'http://upstream.reelay.test/';

  test.each(['HTTP/1.1 408 Request Timeout\r\n\r\n', 'x'])('says %j behind its consent is asked once', async (more) => {
    for (const paid of [{}, { beforeSend }]) {
      const proxy = await startRaw((socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${more}`));
      const failure = await failureOf(client.request({ method: 'POST', url, timeoutMs: 1_000, ...paid }, proxy));
      expect(failure).toMatchObject({ sent: false, phase: 'connect', hop: 'proxy' });
      expect(proxy.asked()).toBe(1);
    }
  });

  test('shows a page of its own in place of TLS is to blame for it', async () => {
    const page = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope';
    const { proxyUrl } = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.once('data', () => socket.end(page));
    });
    const call = client.request({ method: 'GET', url: url.replace('http:', 'https:') }, { proxyUrl });
    expect(await failureOf(call)).toMatchObject({ sent: false, phase: 'connect', hop: 'proxy' });
  });

  test('consents when the call is cancelled already makes nobody commit anything', async () => {
    const abort = new AbortController();
    const { proxyUrl } = await startRaw((socket) => {
      abort.abort();
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    });
    let isCommitted = false;
    const commit = () => {
      isCommitted = true;
      return beforeSend();
    };
    const call = client.request({ method: 'POST', url, beforeSend: commit }, { proxyUrl, signal: abort.signal });
    expect(await failureOf(call)).toMatchObject({ sent: false, phase: 'connect' });
    expect(isCommitted).toBe(false);
  });
});

/** Wherever in the conversation it happens. What is said of a paid request decides whether it is paid twice. */
test.each(kinds)('whenever the %s proxy dies, a paid request arrives once or never, and is told so', async (kind) => {
  const received: string[] = [];
  const base = await serve('http', (request, response) => {
    received.push(request.url ?? '');
    request.pipe(response);
  });
  const proxy = await start(kind, credentials);
  const dying = await FaultProxy.open(`http://127.0.0.1:${proxy.port}`);
  open.push(dying);
  const proxyUrl = proxy.url.replace(`:${proxy.port}`, `:${dying.port}`);
  const outcomes = new Set<string>();
  const unsent: string[] = [];
  // With TLS to the proxy most bytes are its certificate's and the like.
  const [step, most] = kind === 'https' ? [211, 4_500] : [11, 350];
  for (const direction of ['up', 'down'] as const) {
    for (let bytes = 0; bytes < most; bytes += step) {
      dying.set({ resetAfterBytes: { [direction]: bytes } });
      // One that was cut off may arrive when the next is on its way already.
      const path = `/${direction}/${bytes}`;
      const call = client.request({ method: 'POST', url: `${base}${path}`, body: 'hello', beforeSend }, { proxyUrl });
      const outcome = await call.catch((error: unknown) => error);
      if (isTransportError(outcome)) {
        expect(`${outcome.message} ${String(outcome.cause)}`).not.toMatch(/p@ss|p%40ss/);
        outcomes.add(outcome.sent ? 'unknown' : 'not sent');
        if (!outcome.sent) unsent.push(path);
      } else {
        expect(outcome).toMatchObject({ status: 200, text: 'hello' });
        outcomes.add('answered');
      }
    }
  }
  expect([...outcomes].sort()).toEqual(['answered', 'not sent', 'unknown']);
  await waitFor(() => dying.openConnections === 0 && proxy.openTunnels === 0, { timeoutMs: 8_000 });
  expect(received).toEqual([...new Set(received)]);
  expect(received.filter((path) => unsent.includes(path))).toEqual([]);
});
