import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { waitFor } from '@reelay/testing/wait-for';
import { releaseBody, smallBodyBytes } from './body-limits.js';
import { MemoryBudget } from './memory-budget.js';
import type { PaceRules } from './pace.js';
import { readJson } from './read-json.js';
import { toAppError } from './to-app-error.js';

const mebibyte = smallBodyBytes;
const soon = { timeoutMs: 8_000, intervalMs: 5 };
let budget: MemoryBudget;
let server: http.Server;
let pace: PaceRules | undefined;
let reading = 0;
let closed = 0;
const sockets: net.Socket[] = [];

beforeEach(async () => {
  budget = new MemoryBudget({ totalBytes: 3 * mebibyte, patienceMs: 100 });
  pace = undefined;
  reading = 0;
  closed = 0;
  server = http.createServer((request, response) => {
    reading += 1;
    response.once('close', () => {
      closed += 1;
      releaseBody(request);
    });
    readJson(request, { mostBytes: 2 * mebibyte, budget, ...(pace && { pace }) }).then(
      () => response.end('read'),
      (error: unknown) => response.end(toAppError(error).code),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A request whose body is sent bit by bit. */
function post(framing: string): { send(text: string): void; answer: Promise<string>; socket: net.Socket } {
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (data) => {
      text += String(data);
      const body = /\r\n\r\n(?:[\da-f]+\r\n)?(\w+)/.exec(text)?.[1];
      if (body !== undefined) resolve(body);
    });
  });
  return { send: (text) => socket.write(text), answer, socket };
}

const announced = (bytes: number) => `Content-Length: ${bytes}`;
const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;

test('a large body has its room before it is read, and another one that finds none is told to come back', async () => {
  const first = post(announced(2 * mebibyte));
  await waitFor(() => budget.freeBytes === mebibyte, soon);
  expect(await post(announced(2 * mebibyte)).answer).toBe('service_unavailable');
  first.send(text(2 * mebibyte));
  expect(await first.answer).toBe('read');
  await waitFor(() => budget.freeBytes === 3 * mebibyte, soon);
});

test('one that waits is read when the room is given back', async () => {
  const first = post(announced(2 * mebibyte));
  await waitFor(() => budget.freeBytes === mebibyte, soon);
  const second = post(announced(2 * mebibyte));
  second.send(text(2 * mebibyte));
  first.send(text(2 * mebibyte));
  expect([await first.answer, await second.answer]).toEqual(['read', 'read']);
});

test('small bodies are read whatever the large ones take', async () => {
  post(announced(2 * mebibyte));
  post(announced(2 * mebibyte));
  await waitFor(() => budget.freeBytes === mebibyte, soon);
  const small = post(announced(mebibyte));
  small.send(text(mebibyte));
  expect(await small.answer).toBe('read');
});

test('a body without a length takes the most there may be once it is no longer small', async () => {
  const chunked = post('Transfer-Encoding: chunked');
  chunked.send(`100000\r\n${text(mebibyte)}\r\n`);
  chunked.send('2\r\n  \r\n');
  await waitFor(() => budget.freeBytes === mebibyte, soon);
  chunked.send('0\r\n\r\n');
  expect(await chunked.answer).toBe('read');
  await waitFor(() => budget.freeBytes === 3 * mebibyte, soon);
});

test('a client that leaves in the middle gives its room back', async () => {
  const leaving = post(announced(2 * mebibyte));
  await waitFor(() => budget.freeBytes === mebibyte, soon);
  leaving.socket.destroy();
  await waitFor(() => budget.freeBytes === 3 * mebibyte, soon);
});

test('a client that leaves while it waits in line takes no room when its turn comes', async () => {
  const first = post(announced(2 * mebibyte));
  await waitFor(() => budget.freeBytes === mebibyte, soon);
  const leaving = post(announced(2 * mebibyte));
  await waitFor(() => reading === 2, soon);
  leaving.socket.destroy();
  await waitFor(() => closed === 1, soon);
  first.send(text(2 * mebibyte));
  expect(await first.answer).toBe('read');
  await waitFor(() => budget.freeBytes === 3 * mebibyte, soon);
});

test('a large body that stops coming gives its room back and gets an answer; a small one may take its time', async () => {
  pace = { bytesPerSecond: mebibyte, windowMs: 50 };
  const small = post(announced(10));
  small.send('"');
  const stuck = post(announced(2 * mebibyte));
  stuck.send('"xxx');
  expect(await stuck.answer).toBe('invalid_request');
  await waitFor(() => budget.freeBytes === 3 * mebibyte, soon);
  // What comes after all is read and dropped.
  stuck.send(text(2 * mebibyte));
  small.send(`${'x'.repeat(8)}"`);
  expect(await small.answer).toBe('read');
});
