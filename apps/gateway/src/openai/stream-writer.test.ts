import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { waitFor } from '@reelay/testing/wait-for';
import { keepAliveComment } from './chat-chunks.js';
import { StreamWriter } from './stream-writer.js';

const soon = { timeoutMs: 8_000, intervalMs: 5 };
let server: http.Server;
let handle: (response: http.ServerResponse) => void = () => {};

beforeAll(async () => {
  server = http.createServer((_request, response) => handle(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A client that reads nothing until it is told to. */
async function connectSilently(): Promise<{ socket: net.Socket; response: http.ServerResponse }> {
  let response: http.ServerResponse | undefined;
  handle = (created) => {
    response = created;
  };
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await waitFor(() => response !== undefined, soon);
  return { socket, response: response! };
}

const piece = 'x'.repeat(100_000);

test('waits for a slow client instead of buffering for it, and goes on when it reads', async () => {
  const { socket, response } = await connectSilently();
  const writer = new StreamWriter(response, { keepAliveMs: 60_000, bufferBytes: 150_000 });
  let mostBuffered = 0;
  const writing = (async () => {
    for (let count = 0; count < 500; count += 1) {
      const written = writer.write(piece);
      mostBuffered = Math.max(mostBuffered, response.writableLength);
      await written;
    }
  })();
  await waitFor(() => response.writableNeedDrain, soon);
  socket.resume();
  await writing;
  expect(mostBuffered).toBeLessThan(3 * piece.length);
  writer.end('');
  socket.destroy();
});

test('cuts off a client that reads nothing for too long, and sends it no comments meanwhile', async () => {
  const { socket, response } = await connectSilently();
  const write = response.write.bind(response);
  let commentsToABlockedClient = 0;
  response.write = (text: string) => {
    if (text === keepAliveComment && response.writableNeedDrain) commentsToABlockedClient += 1;
    return write(text);
  };
  const writer = new StreamWriter(response, { keepAliveMs: 1, drainTimeoutMs: 50 });
  while (!response.destroyed) await writer.write(piece);
  expect(commentsToABlockedClient).toBe(0);
  await writer.write('nobody is there');
  writer.end('nobody is there');
  socket.destroy();
});

test('keeps no timer for a client that left before its stream began', async () => {
  const { socket, response } = await connectSilently();
  socket.destroy();
  await waitFor(() => response.destroyed, soon);
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const writer = new StreamWriter(response, { keepAliveMs: 60_000 });
  expect(timers()).toBe(before);
  await writer.write('nobody is there');
  writer.end('');
});
