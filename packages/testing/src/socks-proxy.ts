/** A SOCKS5 proxy (RFC 1928, with the user and password of RFC 1929) that knows CONNECT to names, IPv4 and IPv6. */
import { createServer, type Socket } from 'node:net';
import { credentialsInUrl, listen, type ProxyOptions, type TestProxy, Tunnels } from './proxy-tunnels.js';

const version = 5;
const method = { none: 0, password: 2, unacceptable: 0xff };
const addressType = { ipv4: 1, name: 3, ipv6: 4 };
const reply = {
  granted: 0,
  failure: 1,
  networkUnreachable: 3,
  hostUnreachable: 4,
  connectionRefused: 5,
  commandUnknown: 7,
  addressUnknown: 8,
};

export async function startSocksProxy(options: ProxyOptions = {}): Promise<TestProxy> {
  const tunnels = new Tunnels(options);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    tunnels.track(client);
    serve(tunnels, options, client).catch(() => client.destroy());
  });
  const port = await listen(server);
  return {
    url: `socks5://${credentialsInUrl(options)}127.0.0.1:${port}`,
    port,
    log: tunnels.log,
    get openTunnels() {
      return tunnels.open;
    },
    refuseWith: (code) => {
      tunnels.refusal = code;
    },
    close: () => tunnels.close(server),
  };
}

async function serve(tunnels: Tunnels, options: ProxyOptions, client: Socket): Promise<void> {
  if (!(await welcome(options, client))) return;
  const [, command, , type] = await take(client, 4);
  const host = await takeAddress(client, type);
  if (host === undefined) return answer(client, reply.addressUnknown);
  const port = (await take(client, 2)).readUInt16BE();
  if (command !== 1) return answer(client, reply.commandUnknown);
  if (tunnels.refusal !== undefined) return answer(client, tunnels.refusal);
  let upstream: Socket;
  try {
    upstream = await tunnels.reach(host, port, options.user);
  } catch (error) {
    return answer(client, replyFor((error as NodeJS.ErrnoException).code));
  }
  answer(client, reply.granted);
  tunnels.join(client, upstream);
}

/** Method and, where one is asked for, the password; false when the client was turned away. */
async function welcome({ user, password = '' }: ProxyOptions, client: Socket): Promise<boolean> {
  const [greeting, count = 0] = await take(client, 2);
  if (greeting !== version) throw new Error('not SOCKS5');
  const offered = await take(client, count);
  const wanted = user === undefined ? method.none : method.password;
  if (!offered.includes(wanted)) {
    client.end(Buffer.from([version, method.unacceptable]));
    return false;
  }
  client.write(Buffer.from([version, wanted]));
  if (user === undefined) return true;
  await take(client, 1);
  const givenUser = await takeCounted(client);
  const givenPassword = await takeCounted(client);
  const isRight = givenUser === user && givenPassword === password;
  if (isRight) client.write(Buffer.from([1, 0]));
  else client.end(Buffer.from([1, 1]));
  return isRight;
}

async function takeAddress(client: Socket, type: number | undefined): Promise<string | undefined> {
  if (type === addressType.name) return takeCounted(client);
  if (type === addressType.ipv4) return (await take(client, 4)).join('.');
  if (type !== addressType.ipv6) return undefined;
  const words = (await take(client, 16)).toString('hex').match(/.{4}/g) ?? [];
  return new URL(`tcp://[${words.join(':')}]`).hostname.slice(1, -1);
}

async function takeCounted(client: Socket): Promise<string> {
  const [length = 0] = await take(client, 1);
  return length === 0 ? '' : (await take(client, length)).toString('utf8');
}

/** Exactly so many bytes; what comes behind them stays in the socket. */
async function take(client: Socket, count: number): Promise<Buffer> {
  let taken = Buffer.alloc(0);
  while (taken.length < count) {
    // Also half of a message is taken out at once: a socket that still holds something is readable again and again.
    const piece = client.read(Math.min(count - taken.length, client.readableLength)) as Buffer | null;
    if (piece) taken = Buffer.concat([taken, piece]);
    else await more(client);
  }
  return taken;
}

async function more(client: Socket): Promise<void> {
  if (client.readableEnded || client.destroyed) throw new Error('the client went away');
  await new Promise<void>((resolve) => {
    const go = () => {
      for (const event of ['readable', 'end', 'close']) client.off(event, go);
      resolve();
    };
    for (const event of ['readable', 'end', 'close']) client.on(event, go);
  });
}

function answer(client: Socket, code: number): void {
  const bytes = Buffer.from([version, code, 0, addressType.ipv4, 0, 0, 0, 0, 0, 0]);
  if (code === reply.granted) client.write(bytes);
  else client.end(bytes);
}

function replyFor(code: string | undefined): number {
  if (code === 'ECONNREFUSED') return reply.connectionRefused;
  if (code === 'ENETUNREACH') return reply.networkUnreachable;
  if (code === 'EHOSTUNREACH' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') return reply.hostUnreachable;
  return reply.failure;
}
