import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { isAppError } from '@reelay/contracts/errors';
import { testCertificate, trustTestCertificate } from '@reelay/testing/test-certificate';
import { type GuardedDownloadOptions, guardedDownload } from './guarded-download.js';
import { checkTarget } from './guarded-target.js';

const servers: Server[] = [];
/** Host header and path of everything that arrived anywhere. */
let arrived: string[];

beforeAll(trustTestCertificate);
beforeEach(() => {
  arrived = [];
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener, scheme: 'http' | 'https' = 'http'): Promise<number> {
  const listen: RequestListener = (request, response) => {
    arrived.push(`${request.headers.host}${request.url}`);
    listener(request, response);
  };
  const server = scheme === 'http' ? createServer(listen) : createTlsServer(testCertificate, listen);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const fetchUrl = (url: string, more: Partial<GuardedDownloadOptions> = {}) =>
  guardedDownload({ url, param: 'image_url', maximumBytes: 10_000, ...more });

/** Its message, when it is the refusal that it should be. */
async function refusalOf(url: string, more: Partial<GuardedDownloadOptions> = {}): Promise<string> {
  const error = await fetchUrl(url, more).then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!isAppError(error)) throw new Error(`expected a refusal of ${url}, not ${String(error)}`);
  expect(error).toMatchObject({ code: 'invalid_value', param: 'image_url', definition: { status: 400 } });
  return error.message;
}

const notPublic = /does not lead to a public server/;

describe('an address inside is not reached', () => {
  test.each([
    ...[
      '127.0.0.1',
      '127.1',
      '127.0.1',
      '0',
      '0.0.0.0',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '0177.0.0.1',
      '127.0.0.1.',
    ],
    ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', 'localhost'],
    ...['１２７.0.0.1', '127。0。0。1', 'LOCALHOST', 'localhost.', '%31%32%37.0.0.1'],
  ])('of this machine, spelled %s', async (host) => {
    const port = await serve((_request, response) => response.end('inside'));
    expect(await refusalOf(`http://${host}:${port}/`, { ports: [`${port}`] })).toMatch(notPublic);
    expect(arrived).toEqual([]);
  });

  test.each([
    ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]'],
    ...['100.64.0.1', '100.100.100.200', '192.0.0.192', '168.63.129.16', '198.18.0.1', '10.1.2.3', '192.168.0.1'],
    ...['172.16.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '[fe80::1]', '[fc00::1]', '[fec0::1]', '[ff02::1]'],
    ...[
      '[2002:a9fe:a9fe::]',
      '[64:ff9b::a9fe:a9fe]',
      '[64:ff9b:1::a9fe:a9fe]',
      '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
    ],
  ])('of the network, spelled %s', async (host) => {
    const resolve = () => Promise.reject(new Error('no name was given'));
    expect(await refusalOf(`http://${host}/latest/meta-data/`, { resolve })).toMatch(notPublic);
    expect(await refusalOf(`https://${host}/`, { resolve })).toMatch(notPublic);
  });

  test.each([
    ['a private one', ['10.0.0.1']],
    ['a public one and a private one', ['93.184.215.14', '127.0.0.1']],
    ['a public one and a private IPv6 one', ['93.184.215.14', '::1']],
    ['a mapped one', ['::ffff:93.184.215.14']],
    ['none', []],
  ])('by a name that has %s', async (_what, addresses) => {
    const port = await serve((_request, response) => response.end('inside'));
    const options = { resolve: async () => addresses, ports: [`${port}`] };
    expect(await refusalOf(`http://files.example:${port}/`, options)).toMatch(notPublic);
    expect(arrived).toEqual([]);
  });

  test.each([
    ...['localhost', 'a.localhost', 'printer.local', 'LOCALHOST.', 'redis', 'metadata', 'instance-data'],
    ...['metadata.google.internal', 'db.corp.internal', 'reelay.default.svc', 'reelay.default.svc.cluster.local'],
    ...['router.home.arpa', 'nas.lan', 'pc.localdomain'],
  ])('by the name %s, about which nobody is asked', async (host) => {
    const resolve = () => Promise.reject(new Error('nobody is asked'));
    expect(await refusalOf(`https://${host}/`, { resolve })).toMatch(notPublic);
    expect(() => checkTarget(`https://${host}/`, {})).toThrow(notPublic);
  });

  test('on a port that is not of the web, whatever its address', async () => {
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return ['10.0.0.1'];
    };
    for (const port of [22, 25, 3306, 5432, 6379, 8080, 9200]) {
      expect(await refusalOf(`http://93.184.215.14:${port}/`)).toMatch(notPublic);
      expect(await refusalOf(`http://files.example:${port}/`, { resolve })).toMatch(notPublic);
    }
    expect(asked).toEqual([]);
    for (const place of ['files.example', 'files.example:8443', 'files.example:443']) {
      expect(await refusalOf(`http://${place}/`, { resolve })).toMatch(notPublic);
    }
    expect(asked).toHaveLength(3);
  });

  test('nor can be told from a name that does not exist', async () => {
    const gone = await refusalOf('http://gone.example/', { resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    expect(await refusalOf('http://inside.example/', { resolve: async () => ['10.0.0.1'] })).toBe(gone);
    expect(gone).not.toMatch(/\d/);
  });

  test.each([
    'http://127.0.0.1:PORT/secret',
    'http://[::ffff:127.0.0.1]:PORT/secret',
    'http://2130706433:PORT/secret',
    '//localhost:PORT/secret',
    'http://169.254.169.254/latest/meta-data/',
    'http://user@93.184.215.14/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:PORT/_x',
    'data:text/plain,secret',
    'http://',
    'http://0x7f000001:PORT/secret',
    'http://[::]:PORT/secret',
    'http://[fd00:ec2::254]/secret',
    'http://[64:ff9b::a9fe:a9fe]/secret',
    'http://[2002:a9fe:a9fe::]/secret',
    'http://100.100.100.200/secret',
    'http://metadata.google.internal/secret',
    'http://inside.example:PORT/secret',
  ])('by a redirect to %s', async (location) => {
    const inside = await serve((_request, response) => response.end('secret'));
    const to = location.replace('PORT', String(inside));
    for (const status of [301, 302, 303, 307, 308]) {
      const port = await serve((_request, response) => response.writeHead(status, { location: to }).end());
      const rules = { allow: [`127.0.0.1:${port}`], ports: [`${inside}`, '80'], resolve: async () => ['127.0.0.1'] };
      const message = await refusalOf(`http://127.0.0.1:${port}/`, rules);
      expect(message).not.toMatch(/secret|\d{2,}/);
    }
    expect(arrived.filter((visit) => visit.includes('secret'))).toEqual([]);
    expect(arrived).toHaveLength(5);
  });

  test('by a name that changes its mind: it is asked once, and the connection goes where that answer said', async () => {
    const port = await serve((request, response) => response.end(request.headers.host));
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return answers.shift() ?? [];
    };
    // Allowed, as there is no public server here; no resolver but this one knows the name.
    const allow = [`files.example:${port}`];
    const { bytes } = await fetchUrl(`http://files.example:${port}/a`, { resolve, allow });
    expect(bytes.toString()).toBe(`files.example:${port}`);
    expect(asked).toEqual(['files.example']);
  });
});

test.each([
  ['ftp://files.example/a', /Only http and https/],
  ['file:///etc/passwd', /Only http and https/],
  ['data:text/plain,hello', /Only http and https/],
  ['gopher://files.example/', /Only http and https/],
  ['http://user@files.example/', /user or password/],
  ['http://:secret@files.example/', /user or password/],
  ['http://good.example@127.0.0.1/', /user or password/],
  ['http://127.0.0.1#@good.example', notPublic],
  ['http://127.0.0.1\\@good.example/', notPublic],
  ['//files.example/a', /not a URL/],
  ['http://files.example/a\r\nHost: inside', /not a URL/],
  ['http://127.0.\n0.1/', /not a URL/],
  ['ht\ttp://files.example/', /not a URL/],
  ['http://a b/', /not a URL/],
  ['', /not a URL/],
])('%j is refused', async (url, reason) => {
  const message = await refusalOf(url, { resolve: async () => ['93.184.215.14'] });
  expect(message).toMatch(reason);
  expect(message).not.toContain('secret');
});

describe('what may be reached', () => {
  test('is fetched as it is, by https with the name of the URL, and without anything of ours', async () => {
    let headers = {};
    const port = await serve((request, response) => {
      headers = request.headers;
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([0, 255, 1]));
    }, 'https');
    const options = { resolve: async () => ['127.0.0.1'], allow: [`FILES.reelay.test:${port}`] };
    const answer = await fetchUrl(`https://files.reelay.test:${port}/a?b=c#d`, options);
    expect(answer).toEqual({ bytes: Buffer.from([0, 255, 1]), contentType: 'image/png' });
    expect(arrived).toEqual([`files.reelay.test:${port}/a?b=c`]);
    expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
    // The same server under a name that its certificate does not have.
    const other = { ...options, allow: [`other.example:${port}`] };
    expect(await refusalOf(`https://other.example:${port}/`, other)).toMatch(/does not answer/);
  });

  test('is that host and port and no other', async () => {
    const port = await serve((_request, response) => response.end('ok'));
    const other = await serve((_request, response) => response.end('never'));
    const allow = [`127.0.0.1:${port}`, 'localhost', '[::1]:80'];
    expect((await fetchUrl(`http://127.0.0.1:${port}/`, { allow })).bytes.toString()).toBe('ok');
    expect(await refusalOf(`http://127.0.0.1:${other}/`, { allow })).toMatch(notPublic);
    expect(await refusalOf(`http://localhost:${port}/`, { allow })).toMatch(notPublic);
    expect(arrived).toEqual([`127.0.0.1:${port}/`]);
  });

  test('is followed over three redirects and not over four', async () => {
    const port = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end('moved');
      else response.end('here');
    });
    const allow = [`127.0.0.1:${port}`];
    expect((await fetchUrl(`http://127.0.0.1:${port}/3`, { allow })).bytes.toString()).toBe('here');
    expect(await refusalOf(`http://127.0.0.1:${port}/4`, { allow })).toMatch(/more than 3 times/);
    expect(await refusalOf(`http://127.0.0.1:${port}/99`, { allow })).toMatch(/more than 3 times/);
    expect(arrived).toHaveLength(12);
  });

  const cases: [string, RequestListener, RegExp][] = [
    ['is larger than it may be', (_request, response) => void response.end(Buffer.alloc(10_001)), /larger than 10000/],
    [
      'is larger than it says',
      (_request, response) => {
        response.flushHeaders();
        for (let i = 0; i < 20; i += 1) response.write(Buffer.alloc(1_000));
        response.end();
      },
      /larger than 10000/,
    ],
    [
      'is compressed',
      (_request, response) =>
        void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000))),
      /compressed/,
    ],
    [
      'breaks off',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      },
      /broke off/,
    ],
    ['is not there', (_request, response) => void response.writeHead(404).end('no'), /answers 404/],
    ['is nothing', (_request, response) => void response.writeHead(204).end(), /answers 204/],
    ['redirects nowhere', (_request, response) => void response.writeHead(302).end(), /answers 302/],
    ['hangs up', (request) => void request.socket.destroy(), /does not answer/],
  ];
  test.each(cases)('is refused when it %s', async (_what, listener, reason) => {
    const port = await serve(listener);
    expect(await refusalOf(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`] })).toMatch(reason);
  });

  test.each([
    ['the name', {}, { resolve: () => new Promise<never>(() => {}) }],
    ['the answer', {}, {}],
    ['the rest', { isBegun: true }, {}],
  ])('is given up when %s takes too long', async (_what, { isBegun }: { isBegun?: boolean }, more) => {
    const port = await serve((_request, response) => {
      if (isBegun) response.write('half');
    });
    const options = { allow: [`127.0.0.1:${port}`, `localhost:${port}`], timeoutMs: 200, ...more };
    const host = 'resolve' in more ? 'localhost' : '127.0.0.1';
    expect(await refusalOf(`http://${host}:${port}/`, options)).toMatch(/took too long/);
  });

  test('is given up with the request it is for', async () => {
    const abort = new AbortController();
    const port = await serve(() => abort.abort(new Error('the client left')));
    const call = fetchUrl(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`], signal: abort.signal });
    await expect(call).rejects.toThrow('the client left');
  });
});
