import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { isTransportError } from '@reelay/contracts/upstream-error';
import { waitFor } from '@reelay/testing/wait-for';
import type { CallRecord } from './call-record.js';
import { type DownloadOptions, download, MediaTooLarge } from './download.js';
import { HttpClient } from './http-client.js';

const open: Server[] = [];
let client: HttpClient;

beforeEach(() => {
  client = new HttpClient({ connectTimeoutMs: 2_000 });
});

afterEach(async () => {
  await client.close();
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failureOf = async (call: Promise<unknown>) => {
  const outcome = await call.catch((error: unknown) => error);
  if (!isTransportError(outcome)) throw new Error(`expected a TransportError, not ${String(outcome)}`);
  return outcome;
};

test('any status is an answer, and connections are kept alive', async () => {
  const ports = new Set<number | undefined>();
  const base = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.writeHead(503, { 'x-a': ['1', '2'] }).end('busy');
  });
  for (let round = 0; round < 8; round += 1) {
    const answer = await client.request({ method: 'GET', url: `${base}/a?b=1` });
    expect(answer).toMatchObject({ status: 503, text: 'busy', headers: { 'x-a': '1, 2' } });
  }
  expect(ports.size).toBe(1);
});

test('an answer is there as text and as the bytes that came', async () => {
  const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff, 0xfe]);
  const base = await serve((_request, response) => response.end(picture));
  const answer = await client.request({ method: 'GET', url: base });
  expect(Buffer.compare(answer.bytes, picture)).toBe(0);
  expect(answer.text).toBe(picture.toString('utf8'));
});

test('an answer in many pieces is put together in their order', async () => {
  const text = Array.from({ length: 300 }, (_, index) => `${index},`).join('');
  const base = await serve(async (_request, response) => {
    for (const character of text) {
      await new Promise((resolve) => response.write(character, resolve));
    }
    response.end();
  });
  expect((await client.request({ method: 'GET', url: base })).text).toBe(text);
});

test('an answer larger than allowed is an error', async () => {
  const base = await serve((_request, response) => response.end('x'.repeat(2_000)));
  const failure = await failureOf(client.request({ method: 'GET', url: base, maximumBytes: 1_000 }));
  expect(failure).toMatchObject({ sent: true, phase: 'response' });
});

test('says whether a timeout or a cancel came after sending', async () => {
  const base = await serve(() => {});
  expect(await failureOf(client.request({ method: 'GET', url: base, timeoutMs: 50 }))).toMatchObject({
    sent: true,
    phase: 'timeout',
  });
  const signal = AbortSignal.abort();
  expect(await failureOf(client.request({ method: 'GET', url: base }, { signal }))).toMatchObject({ sent: false });
});

test('records every call with its secrets masked', async () => {
  const base = await serve((_request, response) => {
    response.setHeader('set-cookie', 'session=topsecret');
    response.setHeader('content-type', 'application/json');
    response.end('{"token":"topsecret","id":"task_1"}');
  });
  const records: CallRecord[] = [];
  const fetch = client.createFetch({ onCall: (record) => records.push(record) });
  await fetch({
    method: 'POST',
    url: `${base}/v?limit=15&sig=topsecret`,
    headers: {
      Authorization: 'Bearer topsecret',
      'Content-Type': 'application/json',
      'openai-sentinel-token': 'topsecret',
    },
    body: JSON.stringify({ prompt: 'a cat', image: `data:image/png;base64,${'A'.repeat(20_000)}` }),
  });
  await fetch({ method: 'GET', url: 'http://127.0.0.1:1/' }).catch(() => {});
  expect(records).toMatchObject([
    { method: 'POST', status: 200, requestBody: '{"prompt":"a cat","image":"data:[hidden]"}' },
    { method: 'GET', error: expect.stringMatching(/^connect, nothing sent/) },
  ]);
  expect(records[0]?.url).toContain('limit=15');
  expect(records[0]?.responseBody).toContain('task_1');
  expect(JSON.stringify(records)).not.toContain('topsecret');
});

describe('download', () => {
  const get = (url: string, more: Partial<DownloadOptions> = {}) =>
    download({
      route: client.route(undefined),
      url,
      allowedHosts: [/127[^/]*/.exec(url)?.[0] ?? ''],
      maximumBytes: 10_000,
      ...more,
    });

  test('streams media and follows redirects within the allowed hosts', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new' }).end();
      else response.writeHead(200, { 'content-type': 'video/mp4' }).end('media');
    });
    const answer = await get(`${base}/old`);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'video/mp4' } });
    expect((await buffer(answer.body)).toString()).toBe('media');
  });

  test('goes to no other host, asked or redirected', async () => {
    const other = await serve((_request, response) => response.end('never'));
    const base = await serve((_request, response) => response.writeHead(302, { location: other }).end());
    expect(await failureOf(get(base))).toMatchObject({ message: expect.stringContaining('may not be fetched') });
    expect(await failureOf(get(base, { allowedHosts: ['*.openai.com'] }))).toMatchObject({ sent: false });
    expect(await failureOf(get('file:///etc/passwd', { allowedHosts: [''] }))).toMatchObject({ sent: false });
  });

  test('fails when the media are cut short, too large or stop flowing', async () => {
    const cut = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    await expect(get(cut).then((answer) => buffer(answer.body))).rejects.toMatchObject({ phase: 'response' });
    const large = await serve((_request, response) => response.end('x'.repeat(20_000)));
    await expect(get(large).then((answer) => buffer(answer.body))).rejects.toThrow(MediaTooLarge);
    const silent = await serve((_request, response) => response.writeHead(200).write('half'));
    await expect(get(silent, { idleTimeoutMs: 50 }).then((answer) => buffer(answer.body))).rejects.toMatchObject({
      phase: 'response',
    });
  });

  test.each(['http://', '//', 'http://127.0.0.1:99999/?sig=topsecret', 'no address'])(
    'an address that cannot be read (%j) is a failure like any other, asked or redirected',
    async (address) => {
      const base = await serve((_request, response) => response.writeHead(302, { location: address }).end());
      const calls = address === 'no address' ? [get(address)] : [get(address), get(base)];
      for (const call of calls) {
        const failure = await failureOf(call);
        expect(failure.message).toMatch(/cannot be read/);
        expect(`${failure.message} ${String(failure.cause)}`).not.toContain('topsecret');
      }
    },
  );

  test('ends in time, however steadily it drips', async () => {
    const dripping = await serve((_request, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const media = get(dripping, { timeoutMs: 1_000 }).then((answer) => buffer(answer.body));
    await expect(media).rejects.toMatchObject({ phase: 'response', message: expect.stringContaining('timeout') });
  });

  test('media that nobody begins to read do not hold their connection', async () => {
    let closed = 0;
    const base = await serve((request, response) => {
      request.socket.on('close', () => {
        closed += 1;
      });
      response.writeHead(200).write('x'.repeat(1_000));
    });
    const { body } = await get(base, { idleTimeoutMs: 100 });
    // As a writer leaves it that fails before it reads: a generator that never began does not end what it reads from.
    await body[Symbol.asyncIterator]().return?.();
    await get(base, { idleTimeoutMs: 100 });
    await waitFor(() => closed === 2, { timeoutMs: 8_000 });
  });
});
