import { EventEmitter } from 'node:events';
import type { ClientRequest } from 'node:http';
import type { ProxyAddress } from '@reelay/contracts/proxy-address';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { ConnectError, reasonOf } from './connect-error.js';
import type { OpenTunnel } from './open-tunnel.js';

/** What the proxy says of the target rather than of itself: replies 3, 4 and 5 of RFC 1928. */
const TARGETS_FAULT = /rejected connection - (NetworkUnreachable|HostUnreachable|ConnectionRefused)$/;

/** Through a SOCKS5 proxy, which is given names as names. */
export function createSocksTunnel(proxy: ProxyAddress, timeoutMs: number): OpenTunnel {
  const agent = createAgent(proxy, timeoutMs);
  return async ({ hostname, port }) => {
    // All it asks of a request is to be told and to be ended.
    const request = Object.assign(new EventEmitter(), { destroy: () => {} }) as unknown as ClientRequest;
    try {
      const socket = await agent.connect(request, { secureEndpoint: false, host: hostname, port });
      // The agent leaves its timeout on the socket; an answer may take longer than a connection.
      socket.setTimeout(0);
      return socket
        .setNoDelay(true)
        .setKeepAlive(true, 60_000)
        .on('error', () => {});
    } catch (error) {
      // Not as the cause: the error carries all options of the connection.
      const reason = reasonOf(error);
      if (TARGETS_FAULT.test(reason)) throw new ConnectError('upstream', `upstream ${hostname}: ${reason}`);
      throw new ConnectError('proxy', `proxy ${proxy.hostname}: ${reason}${adviceFor(reason)}`);
    }
  };
}

function createAgent({ hostname, port, user, password }: ProxyAddress, timeoutMs: number): SocksProxyAgent {
  const url = new URL(`socks5h://proxy:${port}`);
  if (user !== '') {
    url.username = encodeURIComponent(user);
    url.password = encodeURIComponent(password);
  }
  const agent = new SocksProxyAgent(url, { timeout: timeoutMs });
  // It would dial an IPv6 address with its brackets on.
  agent.proxy.host = hostname;
  return agent;
}

function adviceFor(reason: string): string {
  return /authentication/i.test(reason) ? ': check its user and password' : '';
}
