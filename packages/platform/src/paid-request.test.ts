import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { isTransportError, type TransportError } from '@reelay/contracts/upstream-error';
import { HttpClient } from './http-client.js';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"id":"task"}';

/** An upstream at the level of bytes: says what arrived, and answers as the test wants. */
class RawUpstream {
  received = '';
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly connected: Promise<Socket>;

  constructor(onRequest: (socket: Socket) => void) {
    let connect: (socket: Socket) => void = () => {};
    this.connected = new Promise((resolve) => {
      connect = resolve;
    });
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        this.received += chunk.toString('latin1');
        if (this.received.endsWith('{"a":1}')) onRequest(socket);
      });
      connect(socket);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let upstream: RawUpstream;
let client: HttpClient;
let nowMs: number;

afterEach(async () => {
  await client.close();
  await upstream.close();
});

async function start(onRequest: (socket: Socket) => void = (socket) => socket.end(ANSWER)): Promise<string> {
  upstream = new RawUpstream(onRequest);
  nowMs = 1_000;
  client = new HttpClient({ connectTimeoutMs: 2_000, monotonicNowMs: () => nowMs });
  return upstream.listen();
}

const committed = async () => ({ commitStartedAt: nowMs, freshMs: 5_000 });

function pay(base: string, beforeSend = committed, more: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const { signal, timeoutMs } = more;
  return client.request(
    { method: 'POST', url: `${base}/nf/create`, body: '{"a":1}', timeoutMs, beforeSend },
    { signal },
  );
}

async function failureOf(call: Promise<unknown>): Promise<TransportError> {
  const outcome = await call.catch((error: unknown) => error);
  if (!isTransportError(outcome)) throw new Error('expected a TransportError');
  return outcome;
}

test('connects, then asks beforeSend, then writes', async () => {
  const base = await start();
  let bytesAtCommit = -1;
  const answer = await pay(base, async () => {
    await upstream.connected;
    bytesAtCommit = upstream.received.length;
    return committed();
  });
  expect(bytesAtCommit).toBe(0);
  expect(answer).toMatchObject({ status: 200, text: '{"id":"task"}' });
  expect(upstream.received).toMatch(/^POST \/nf\/create HTTP\/1.1\r\n/);
});

test('writes nothing when beforeSend throws, and passes its error on as the cause', async () => {
  const base = await start();
  const cause = new Error('the generation was cancelled');
  const failure = await failureOf(pay(base, () => Promise.reject(cause)));
  expect(failure).toMatchObject({ sent: false, phase: 'before_send', cause });
  expect(upstream.received).toBe('');
});

test('writes nothing when more than the fresh time lies between the commit and the first byte', async () => {
  const base = await start();
  const late = async () => {
    const commit = await committed();
    nowMs += 5_001;
    return commit;
  };
  expect(await failureOf(pay(base, late))).toMatchObject({ sent: false, phase: 'before_send' });
  expect(upstream.received).toBe('');
});

test('time spent waiting for the turn before the commit does not count', async () => {
  const base = await start();
  const patient = async () => {
    nowMs += 20_000;
    return committed();
  };
  await expect(pay(base, patient)).resolves.toMatchObject({ status: 200 });
});

test('a refused connection is certainly not sent, and beforeSend is not asked', async () => {
  const base = await start();
  await upstream.close();
  let isAsked = false;
  const failure = await failureOf(
    pay(base, () => {
      isAsked = true;
      return committed();
    }),
  );
  expect(failure).toMatchObject({ sent: false, phase: 'connect', hop: 'upstream' });
  expect(isAsked).toBe(false);
});

test('a reset after the request was taken may have been accepted', async () => {
  const base = await start((socket) => socket.resetAndDestroy());
  expect(await failureOf(pay(base))).toMatchObject({ sent: true, phase: 'response' });
  expect(upstream.connections).toBe(1);
});

test('an answer cut off in the middle may have been accepted', async () => {
  const base = await start((socket) => socket.end(ANSWER.slice(0, -4)));
  expect(await failureOf(pay(base))).toMatchObject({ sent: true, phase: 'response' });
});

test('an upstream that never answers is a timeout after sending', async () => {
  const base = await start(() => {});
  expect(await failureOf(pay(base, committed, { timeoutMs: 50 }))).toMatchObject({ sent: true, phase: 'timeout' });
});

test('the timeout runs from the write, not from the call', async () => {
  const base = await start();
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 900));
    return committed();
  };
  await expect(pay(base, slow, { timeoutMs: 800 })).resolves.toMatchObject({ status: 200 });
});

test.each([
  ['hangs up', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ['speaks first', (socket: Socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n')],
])('an upstream that %s while beforeSend waits gets nothing', async (_what, act) => {
  const base = await start();
  const failure = await failureOf(
    pay(base, async () => {
      act(await upstream.connected);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return committed();
    }),
  );
  expect(failure).toMatchObject({ sent: false, phase: 'connect' });
  expect(upstream.received).toBe('');
});

test('a cancelled call is not sent; one that was sent is not cut off', async () => {
  const abort = new AbortController();
  const base = await start((socket) => {
    abort.abort();
    setImmediate(() => socket.end(ANSWER));
  });
  await expect(pay(base, committed, { signal: abort.signal })).resolves.toMatchObject({ status: 200 });
  upstream.received = '';
  expect(await failureOf(pay(base, committed, { signal: abort.signal }))).toMatchObject({ sent: false });
  expect(upstream.received).toBe('');
});

test('a call cancelled while beforeSend waits is not sent', async () => {
  const base = await start();
  const abort = new AbortController();
  const failure = await failureOf(
    pay(
      base,
      async () => {
        abort.abort();
        return committed();
      },
      { signal: abort.signal },
    ),
  );
  expect(failure).toMatchObject({ sent: false, phase: 'before_send' });
  expect(upstream.received).toBe('');
});

test('every paid request has a connection of its own', async () => {
  const base = await start((socket) => {
    upstream.received = '';
    socket.write(ANSWER);
  });
  await pay(base);
  await pay(base);
  expect(upstream.connections).toBe(2);
});
