import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { createLogger } from '@reelay/platform/logger';
import { waitFor } from '@reelay/testing/wait-for';
import type { FastifyInstance } from 'fastify';
import { ErrorFilter } from './error.filter.js';
import { createHttpAdapter } from './http-adapter.js';
import { MemoryBudget } from './memory-budget.js';
import { readMultipart } from './read-multipart.js';
import { RouteTable } from './route-table.js';

const soon = { timeoutMs: 8_000, intervalMs: 5 };
const log = createLogger({ app: 'test', level: 'silent' });
const budget = new MemoryBudget({ totalBytes: 2000, patienceMs: 100 });
let instance: FastifyInstance;
let server: http.Server;
let serverSocket: net.Socket | undefined;
let form: Promise<unknown> | undefined;
let stream: http.ServerResponse | undefined;

beforeAll(async () => {
  const routes = new RouteTable();
  const stopping = new AbortController().signal;
  const adapter = createHttpAdapter({ routes, errors: new ErrorFilter(routes, log), log, trustProxy: false, stopping });
  instance = adapter.getInstance();
  instance.post('/form', async (request) => {
    const keepFile = async (_request: http.IncomingMessage, source: AsyncIterable<Uint8Array>) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    form = readMultipart(request.raw, {
      ...{ mostBytes: 2000, mostTextBytes: 2000, mostFileBytes: 2000 },
      budget,
      keepFile,
    });
    await form.catch(() => undefined);
    return {};
  });
  instance.post('/stream', (_request, reply) => {
    reply.hijack();
    stream = reply.raw;
    stream.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: begun\n\n');
  });
  await instance.listen({ host: '127.0.0.1', port: 0 });
  server = instance.server as http.Server;
  server.on('connection', (socket: net.Socket) => {
    serverSocket = socket;
  });
});

afterAll(async () => {
  server.closeAllConnections();
  await instance.close();
});

/** A client that does not close when the server does. */
function connectStubbornly(text: string): { socket: net.Socket; seen: () => string } {
  let seen = '';
  const socket = net.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  socket.on('error', () => {}).on('data', (data) => (seen += String(data)));
  socket.write(text);
  return { socket, seen: () => seen };
}

const connections = () =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
const noneIsLeft = async () => (await connections()) === 0;

test('a client that ignores the end of its broken request does not keep its connection', async () => {
  const { socket, seen } = connectStubbornly('hello\r\n\r\n');
  await waitFor(() => seen().startsWith('HTTP/1.1 400 '), soon);
  await waitFor(noneIsLeft, soon);
  socket.destroy();
});

test('a body that was not sent in time is answered, and whoever reads it is told that it ends', async () => {
  const { socket, seen } = connectStubbornly(
    'POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\n',
  );
  await waitFor(() => form !== undefined, soon);
  // What Node's own check of its timeouts does, every 30 s.
  server.emit('clientError', Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), serverSocket);
  await expect(form).rejects.toMatchObject({ code: 'invalid_request' });
  await waitFor(noneIsLeft, soon);
  expect(seen()).toMatch(/^HTTP\/1\.1 400 .*not sent completely in time/s);
  socket.destroy();
});

test('bytes after a request write nothing into its running stream, which is cut', async () => {
  const { socket, seen } = connectStubbornly('POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
  await waitFor(() => seen().includes('data: begun'), soon);
  socket.write('more than was said');
  await waitFor(() => stream?.destroyed === true, soon);
  await waitFor(noneIsLeft, soon);
  expect(seen()).not.toContain('400');
  socket.destroy();
});

test('a connection on which nothing moves is cut off, later than any wait for a video ends', () => {
  expect(server.timeout).toBe(330_000);
});
