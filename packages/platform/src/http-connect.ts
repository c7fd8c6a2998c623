import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';

export interface DialTarget {
  readonly protocol: string;
  readonly hostname: string;
  /** Empty for the protocol's own port. */
  readonly port: string;
}

/** Resolves when the way to the target stands: TCP, the proxy's consent, TLS. */
export type Dial = (target: DialTarget) => Promise<Socket>;

/** No connection came about, so nothing of a request can have left. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';

  constructor(
    readonly hop: 'proxy' | 'upstream',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** How to reach a target from here: directly, or through an http(s) proxy by CONNECT (also for plain http targets). */
export function createDial(proxyUrl: string | undefined, connectTimeoutMs: number): Dial {
  // HTTP/2 would multiplex: "no byte of this request has left" could not be told any more.
  const connector = buildConnector({ allowH2: false, timeout: connectTimeoutMs });
  const open = promisify(connector);
  if (proxyUrl === undefined) return (target) => open('upstream', endpointOf(target));
  const proxy = new URL(proxyUrl);
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
    throw new ConnectError(
      'proxy',
      `Proxies of the kind "${proxy.protocol}" are not supported; use http:// or https://.`,
    );
  }
  return async (target) => {
    const tunnel = await openTunnel(proxy, target, connector, connectTimeoutMs);
    return target.protocol === 'https:' ? open('upstream', { ...endpointOf(target), httpSocket: tunnel }) : tunnel;
  };
}

type Endpoint = buildConnector.Options;
type Open = (hop: ConnectError['hop'], endpoint: Endpoint) => Promise<Socket>;

function promisify(connector: buildConnector.connector): Open {
  return (hop, endpoint) =>
    new Promise((resolve, reject) => {
      connector(endpoint, (error, socket) => {
        if (socket) resolve(socket);
        else
          reject(
            new ConnectError(hop, `${hop} ${endpoint.hostname}: ${error?.message ?? 'no connection'}`, {
              cause: error,
            }),
          );
      });
    });
}

async function openTunnel(
  proxy: URL,
  target: DialTarget,
  connector: buildConnector.connector,
  timeoutMs: number,
): Promise<Socket> {
  // A client per tunnel: the connection is handed over whole, there is nothing to pool.
  const client = new Client(proxy.origin, { connect: connector, headersTimeout: timeoutMs });
  try {
    const { hostname, port } = endpointOf(target);
    const address = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
    const { statusCode, socket } = await client.connect({
      path: address,
      headers: { host: address, ...credentialsOf(proxy) },
    });
    if (statusCode === 200) return socket as Socket;
    socket.on('error', () => {}).destroy();
    throw new ConnectError(
      'proxy',
      `The proxy answered ${statusCode} to CONNECT${statusCode === 407 ? ': check its user and password' : ''}.`,
    );
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    throw new ConnectError('proxy', `proxy ${proxy.hostname}: ${(error as Error).message}`, { cause: error });
  } finally {
    client.destroy().catch(() => {});
  }
}

function endpointOf({ protocol, hostname, port }: DialTarget): Endpoint {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return {
    protocol,
    hostname: bare,
    host: bare,
    port: port || (protocol === 'https:' ? '443' : '80'),
    servername: /^[\d.]+$|:/.test(bare) ? undefined : bare,
  };
}

function credentialsOf(proxy: URL): Record<string, string> {
  if (!proxy.username) return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
