import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GuardedRequestOptions, guardedRequest } from './guarded-request.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const post = (url: string, more: Partial<GuardedRequestOptions> = {}) =>
  guardedRequest({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"type":"x"}',
    mostAnswerBytes: 10,
    ...more,
  });

test('sends the body with its headers, and gives back the status and the start of the answer', async () => {
  let seen = {};
  const port = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen = { method: request.method, url: request.url, headers: request.headers, body: String(Buffer.concat(chunks)) };
    response.writeHead(202, { 'x-answer': 'yes' }).end('0123456789abc');
  });
  const answer = await post(`http://hooks.example:${port}/in?a=b`, {
    allow: [`hooks.example:${port}`],
    resolve: async () => ['127.0.0.1'],
    headers: { 'content-type': 'application/json', 'webhook-id': 'wh_1' },
  });
  expect(answer).toMatchObject({ status: 202, headers: { 'x-answer': 'yes' }, isCut: true });
  expect(answer.body.toString()).toBe('0123456789');
  expect(seen).toMatchObject({
    method: 'POST',
    url: '/in?a=b',
    headers: { host: `hooks.example:${port}`, 'webhook-id': 'wh_1', 'content-length': '12', 'user-agent': 'reelay' },
    body: '{"type":"x"}',
  });
});

test('a redirect is an answer and is not followed', async () => {
  let visits = 0;
  const port = await serve((_request, response) => {
    visits += 1;
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  const answer = await post(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`] });
  expect(answer).toMatchObject({ status: 307, isCut: false });
  expect(visits).toBe(1);
});

test('an answer without end is not read to its end', async () => {
  const port = await serve((_request, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  });
  const answer = await post(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`] });
  expect(answer).toMatchObject({ status: 200, isCut: true });
  expect(answer.body).toHaveLength(10);
});

test.each([
  ['http://127.0.0.1:PORT/', 'not_public'],
  ['http://2130706433:PORT/', 'not_public'],
  ['http://[::ffff:7f00:1]:PORT/', 'not_public'],
  ['http://inside.example:PORT/', 'not_public'],
  ['http://metadata.google.internal/', 'not_public'],
  ['http://[64:ff9b::a9fe:a9fe]/', 'not_public'],
  ['http://user:secret@hooks.example/', 'invalid_url'],
  ['ftp://hooks.example/', 'invalid_url'],
])('nothing is sent to %s', async (url, kind) => {
  let visits = 0;
  const port = await serve((_request, response) => {
    visits += 1;
    response.end();
  });
  const rules = { ports: [`${port}`, '80'], resolve: async () => ['93.184.215.14', '127.0.0.1'] };
  await expect(post(url.replace('PORT', `${port}`), rules)).rejects.toMatchObject({ name: 'GuardError', kind });
  expect(visits).toBe(0);
});

const troubles: [string, RequestListener, string][] = [
  ['hangs up', (request) => void request.socket.destroy(), 'no_answer'],
  ['says nothing', () => {}, 'timeout'],
];
test.each(troubles)('a server that %s is told by its kind', async (_what, listener, kind) => {
  const port = await serve(listener);
  const options = { allow: [`127.0.0.1:${port}`], timeoutMs: kind === 'timeout' ? 200 : 8_000 };
  await expect(post(`http://127.0.0.1:${port}/`, options)).rejects.toMatchObject({ name: 'GuardError', kind });
});

test('a server that never begins to answer is left long before everything has to be over', async () => {
  const port = await serve(() => {});
  const options = { allow: [`127.0.0.1:${port}`], idleTimeoutMs: 200, timeoutMs: 3_600_000 };
  const answer = post(`http://127.0.0.1:${port}/`, options);
  await expect(answer).rejects.toMatchObject({ name: 'GuardError', kind: 'no_answer' });
});

const halfAnswer: RequestListener = (_request, response) => halfAnswerThen(response, () => {});
const halves: [string, RequestListener, Partial<GuardedRequestOptions>][] = [
  ['breaks off', (_request, response) => halfAnswerThen(response, () => response.destroy()), {}],
  ['falls silent', halfAnswer, { idleTimeoutMs: 2_000, timeoutMs: 3_600_000 }],
  ['is not done when everything has to be over', halfAnswer, { timeoutMs: 3_000 }],
];
function halfAnswerThen(response: ServerResponse, next: () => void): void {
  response.writeHead(200, { 'content-length': '9' }).write('half', next);
}

test.each(halves)('a server that %s in its answer has answered', async (_what, listener, more) => {
  const port = await serve(listener);
  const answer = await post(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`], ...more });
  expect(answer).toMatchObject({ status: 200, isCut: true });
  expect('half'.startsWith(answer.body.toString())).toBe(true);
});

test('who gives up within an answer is told so by the reason given', async () => {
  const abort = new AbortController();
  const port = await serve((_request, response) => halfAnswerThen(response, () => abort.abort(new Error('stopping'))));
  const call = post(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`], signal: abort.signal });
  await expect(call).rejects.toThrow('stopping');
});

test('who gives up is told so by the reason given', async () => {
  const abort = new AbortController();
  const port = await serve(() => abort.abort(new Error('stopping')));
  const call = post(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`], signal: abort.signal });
  await expect(call).rejects.toThrow('stopping');
});
