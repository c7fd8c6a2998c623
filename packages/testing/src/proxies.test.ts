/** The proxies by the bytes of their protocols, so that a client's own misreading cannot hide theirs. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { startHttpProxy } from './http-proxy.js';
import type { TestProxy } from './proxy-tunnels.js';
import { startSocksProxy } from './socks-proxy.js';
import { waitFor } from './wait-for.js';

let target: Server;
let port: number;
let proxy: TestProxy;

beforeAll(async () => {
  target = createServer((socket) => void socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  port = (target.address() as AddressInfo).port;
});
afterAll(() => new Promise((resolve) => target.close(resolve)));
afterEach(() => proxy.close());

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const portBytes = () => port.toString(16).padStart(4, '0');
const counted = (text: string) =>
  Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]).toString('hex');
const granted = '05000001000000000000';

/** Says one thing after the other, each when the answer to the one before has come. */
async function talk(...turns: [say: Buffer | string, hear: string][]): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1').on('error', () => {});
  let heard = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk]);
  });
  for (const [say, hear] of turns) {
    heard = Buffer.alloc(0);
    socket.write(say);
    await waitFor(() => heard.toString('hex').startsWith(hear), {
      timeoutMs: 8_000,
      describe: () => `${hear}, heard ${heard.toString('hex')}`,
    });
  }
  return socket;
}

test('SOCKS5 without a password leads to names and to addresses, and says who went where', async () => {
  proxy = await startSocksProxy({ resolves: { 'far.test': `127.0.0.1:${port}`, '2001:db8::1': '127.0.0.1' } });
  const hello = [bytes('05 01 00'), '0500'] as [Buffer, string];
  const echo = ['ping', Buffer.from('ping').toString('hex')] as [string, string];
  await talk(hello, [bytes(`05 01 00 03 ${counted('far.test')} 0050`), granted], echo);
  await talk(hello, [bytes(`05 01 00 01 7f000001 ${portBytes()}`), granted], echo);
  await talk(hello, [bytes(`05 01 00 04 20010db8000000000000000000000001 ${portBytes()}`), granted], echo);
  expect(proxy.log).toMatchObject([
    { target: 'far.test:80', user: undefined },
    { target: `127.0.0.1:${port}` },
    { target: `[2001:db8::1]:${port}` },
  ]);
  expect(proxy.openTunnels).toBe(3);
});

test('SOCKS5 with a password lets nobody else in', async () => {
  proxy = await startSocksProxy({ user: 'me', password: 'secret' });
  expect(proxy.url).toBe(`socks5://me:secret@127.0.0.1:${proxy.port}`);
  await talk([bytes('05 01 00'), '05ff']);
  const offer = [bytes('05 02 00 02'), '0502'] as [Buffer, string];
  await talk(offer, [bytes(`01 ${counted('me')} ${counted('other')}`), '0101']);
  expect(proxy.log).toEqual([]);
  const login = [bytes(`01 ${counted('me')} ${counted('secret')}`), '0100'] as [Buffer, string];
  await talk(offer, login, [bytes(`05 01 00 01 7f000001 ${portBytes()}`), granted]);
  expect(proxy.log).toMatchObject([{ target: `127.0.0.1:${port}`, user: 'me', at: expect.any(Date) }]);
});

test('SOCKS5 answers by the reply that fits, or by the one it is told to', async () => {
  proxy = await startSocksProxy();
  const hello = [bytes('05 01 00'), '0500'] as [Buffer, string];
  await talk(hello, [bytes('05 02 00 01 7f000001 0050'), '0507']);
  await talk(hello, [bytes('05 01 00 09 7f000001 0050'), '0508']);
  await talk(hello, [bytes('05 01 00 01 7f000001 0001'), '0505']);
  proxy.refuseWith(4);
  await talk(hello, [bytes(`05 01 00 01 7f000001 ${portBytes()}`), '0504']);
});

test('SOCKS5 reads a message that comes in pieces, and lets go of a client that leaves in the middle of one', async () => {
  proxy = await startSocksProxy({ user: 'me', password: 'secret' });
  const login = `01 ${counted('me')} ${counted('secret')}`;
  const socket = connect(proxy.port, '127.0.0.1').setNoDelay(true);
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk.toString('hex');
  });
  let said = 0;
  for (const byte of bytes(`05 02 00 02 ${login} 05 01 00 01 7f000001 ${portBytes()}`)) {
    socket.write(Buffer.from([byte]));
    said += 1;
    await waitFor(() => socket.bytesWritten === said, { timeoutMs: 8_000 });
  }
  await waitFor(() => heard === `05020100${granted}`, { timeoutMs: 8_000, describe: () => heard });
  for (const half of ['05', '05 02 00', `05 01 02 ${login.slice(0, -4)}`]) {
    const leaving = connect(proxy.port, '127.0.0.1', () => leaving.end(bytes(half)));
    await waitFor(() => leaving.resume().destroyed, { timeoutMs: 8_000 });
  }
  expect(proxy.log).toHaveLength(1);
});

test('CONNECT leads to a name, asks for the password, and ends its tunnels when the proxy dies', async () => {
  proxy = await startHttpProxy({ user: 'me', password: 'secret', resolves: { 'far.test': '127.0.0.1' } });
  const ask = `CONNECT far.test:${port} HTTP/1.1\r\nhost: far.test:${port}\r\n`;
  const status = (code: number) => Buffer.from(`HTTP/1.1 ${code} `).toString('hex');
  await talk([`${ask}\r\n`, status(407)]);
  const login = `proxy-authorization: Basic ${Buffer.from('me:secret').toString('base64')}\r\n\r\n`;
  const socket = await talk([ask + login, status(200)], ['ping', Buffer.from('ping').toString('hex')]);
  await talk([`CONNECT 127.0.0.1:1 HTTP/1.1\r\n${login}`, status(502)]);
  proxy.refuseWith(503);
  await talk([ask + login, status(503)]);
  await talk(['GET / HTTP/1.1\r\nhost: far.test\r\n\r\n', status(405)]);
  expect(proxy.log).toMatchObject([{ target: `far.test:${port}`, user: 'me' }]);
  await proxy.close();
  await waitFor(() => socket.destroyed, { timeoutMs: 8_000 });
  expect(proxy.openTunnels).toBe(0);
});
