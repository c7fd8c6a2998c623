import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@reelay/contracts/errors';
import { waitFor } from '@reelay/testing/wait-for';
import fastify, { type FastifyInstance } from 'fastify';
import { releaseBody } from './body-limits.js';
import { RequestTurns } from './request-turns.js';
import { Turnstile } from './turnstile.js';

const hour = 3_600_000;
const soon = { timeoutMs: 20_000, intervalMs: 5 };

let server: FastifyInstance;
let turnstile: Turnstile;
let stopping: AbortController;
let url: string;
/** Requests at work, which end when they are told to. */
let held: { name: string; end: () => void }[];
const agent = new http.Agent();

beforeEach(async () => {
  held = [];
  stopping = new AbortController();
  turnstile = new Turnstile({ atOnce: 2, mostWaiting: 100, patienceMs: hour, longestTurnMs: hour });
  const turns = new RequestTurns(turnstile, (authorization = '') => authorization);
  server = fastify();
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  server.setErrorHandler((error, _request, reply) =>
    reply.code(503).send({ code: error instanceof AppError ? error.code : 'other' }),
  );
  server.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => releaseBody(request.raw));
    done();
  });
  turns.register(server, stopping.signal);
  server.get('/light', async () => ({ ok: true }));
  server.post('/heavy', { config: { takesTurn: true } }, async (request) => {
    const name = await turns.read(request.raw, () => textOf(request.raw));
    await new Promise<void>((resolve) => held.push({ name, end: resolve }));
    releaseBody(request.raw);
    return { name };
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const { end } of held) end();
  server.server.closeAllConnections();
  await server.close();
});

test('a light request is answered while heavy ones are at work and others wait', async () => {
  const heavy = ['a', 'b', 'c', 'd'].map((name) => send(name));
  await waitFor(() => held.length === 2 && turnstile.waiting === 2, soon);
  expect(await (await fetch(`${url}/light`)).json()).toEqual({ ok: true });
  expect(held).toHaveLength(2);
  await endAll(4);
  expect((await Promise.all(heavy.map(({ answer }) => answer))).map(({ status }) => status)).toEqual([
    200, 200, 200, 200,
  ]);
});

test('a client that leaves while it waits gives its place up, and nothing is done for it', async () => {
  const heavy = ['a', 'b', 'gone', 'd'].map((name) => send(name));
  await waitFor(() => turnstile.waiting === 2, soon);
  heavy[2]?.request.destroy();
  await heavy[2]?.answer.catch(() => {});
  await waitFor(() => turnstile.waiting === 1, soon);
  await endAll(3);
  expect(held.map(({ name }) => name).sort()).toEqual(['a', 'b', 'd']);
});

test('a client that leaves while it is at work hands its turn on', async () => {
  const heavy = ['gone', 'b', 'c'].map((name) => send(name));
  await waitFor(() => held.length === 2 && turnstile.waiting === 1, soon);
  heavy[held[0]?.name === 'gone' ? 0 : 1]?.request.destroy();
  await Promise.allSettled(heavy.map(({ answer }, index) => (index === 0 ? answer : undefined)));
  await waitFor(() => held.length === 3, soon);
});

test('who still sends its body keeps nobody waiting, and waits when the body is there', async () => {
  const slow = ['s', 't', 'u'].map((name) => send(name, { isSlow: true }));
  const whole = [send('a'), send('b'), send('c')];
  await waitFor(() => held.length === 2 && turnstile.waiting === 1, soon);
  expect(
    held
      .map(({ name }) => name)
      .sort()
      .join(),
  ).toMatch(/^[abc],[abc]$/);
  for (const { request } of slow) request.end('!');
  await waitFor(() => turnstile.waiting === 4, soon);
  expect(held).toHaveLength(2);
  await endAll(6);
  for (const { answer } of [...slow, ...whole]) expect((await answer).status).toBe(200);
});

test('a restart refuses who waits with the documented error, and finishes who is at work', async () => {
  const heavy = ['a', 'b', 'c'].map((name) => send(name));
  await waitFor(() => held.length === 2 && turnstile.waiting === 1, soon);
  stopping.abort();
  const refused = await Promise.race(heavy.map(({ answer }) => answer));
  expect(refused).toMatchObject({ status: 503, connection: 'close' });
  expect(JSON.parse(refused.text)).toEqual({ code: 'gateway_restarting' });
  await endAll(2);
  const statuses = await Promise.all(heavy.map(async ({ answer }) => (await answer).status));
  expect(statuses.sort()).toEqual([200, 200, 503]);
});

async function endAll(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await waitFor(() => held.length > n, soon);
    held[n]?.end();
  }
}

/** On a connection of its own; slow is who sends the end of its body later. */
function send(name: string, { isSlow = false } = {}) {
  const headers = { 'content-type': 'text/plain', ...(isSlow ? { 'content-length': name.length + 1 } : {}) };
  const request = http.request(`${url}/heavy`, { method: 'POST', agent, headers });
  const answer = once(request, 'response').then(async ([response]: IncomingMessage[]) => ({
    status: response?.statusCode,
    connection: response?.headers.connection,
    text: response ? await textOf(response) : '',
  }));
  // Who is cut off is looked at by nobody else.
  answer.catch(() => {});
  if (isSlow) request.write(name);
  else request.end(name);
  return { request, answer };
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
