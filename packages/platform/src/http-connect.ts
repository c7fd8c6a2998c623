import type { Socket } from 'node:net';
import { type ProxyAddress, parseProxyAddress } from '@reelay/contracts/proxy-address';
import { buildConnector } from 'undici';
import { ConnectError, reasonOf } from './connect-error.js';
import { createConnectTunnel } from './connect-tunnel.js';
import type { OpenTunnel } from './open-tunnel.js';
import { createSocksTunnel } from './socks-tunnel.js';

export interface DialTarget {
  readonly protocol: string;
  readonly hostname: string;
  /** Empty for the protocol's own port. */
  readonly port: string;
}

/** Resolves when the way to the target stands: TCP, the proxy's consent, TLS. */
export type Dial = (target: DialTarget) => Promise<Socket>;

/** How to reach a target from here: directly, or through an http(s) proxy by CONNECT (also for plain http targets) or a SOCKS5 proxy. */
export function createDial(proxyUrl: string | undefined, connectTimeoutMs: number): Dial {
  // HTTP/2 would multiplex: "no byte of this request has left" could not be told any more.
  const connector = buildConnector({ allowH2: false, timeout: connectTimeoutMs });
  if (proxyUrl === undefined) return (target) => open(connector, endpointOf(target));
  const openTunnel = createOpenTunnel(readProxyAddress(proxyUrl), connector, connectTimeoutMs);
  return async (target) => {
    const endpoint = endpointOf(target);
    const tunnel = await openTunnel({ hostname: endpoint.hostname, port: Number(endpoint.port) });
    return target.protocol === 'https:' ? secure(connector, endpoint, tunnel) : tunnel;
  };
}

function readProxyAddress(proxyUrl: string): ProxyAddress {
  try {
    return parseProxyAddress(proxyUrl);
  } catch (error) {
    throw new ConnectError('proxy', reasonOf(error));
  }
}

function createOpenTunnel(
  proxy: ProxyAddress,
  connector: buildConnector.connector,
  connectTimeoutMs: number,
): OpenTunnel {
  return proxy.kind === 'socks'
    ? createSocksTunnel(proxy, connectTimeoutMs)
    : createConnectTunnel(proxy, connector, connectTimeoutMs);
}

type Endpoint = buildConnector.Options;

function open(connector: buildConnector.connector, endpoint: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(endpoint, (error, socket) => {
      if (socket) resolve(socket);
      else reject(new ConnectError('upstream', `upstream ${endpoint.hostname}: ${reasonOf(error)}`, { cause: error }));
    });
  });
}

/** TLS to the target inside of the tunnel. What breaks or hangs there may be either side's doing. */
async function secure(connector: buildConnector.connector, endpoint: Endpoint, tunnel: Socket): Promise<Socket> {
  try {
    return await open(connector, { ...endpoint, httpSocket: tunnel });
  } catch (error) {
    tunnel.destroy();
    const code = ((error as ConnectError).cause as NodeJS.ErrnoException | undefined)?.code;
    if (!code || !UNSURE.test(code)) throw error;
    throw new ConnectError('proxy', `proxy, on the way to ${reasonOf(error)}`, { cause: error });
  }
}

/** What is no TLS at all may be a page of the proxy's that says why it does not let us through. */
const UNSURE = /^(ECONNRESET|EPIPE|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EPROTO|ERR_SSL_\w+)$/;

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
