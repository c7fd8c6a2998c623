import { isIP, type Socket } from 'node:net';
import type { ProxyAddress } from '@reelay/contracts/proxy-address';
import { type buildConnector, Client } from 'undici';
import { ConnectError, reasonOf } from './connect-error.js';
import type { OpenTunnel } from './open-tunnel.js';

/** Through an http or https proxy by CONNECT. A refusal is the proxy's own affair: 502 and the like may mean either side. */
export function createConnectTunnel(
  proxy: ProxyAddress,
  connector: buildConnector.connector,
  timeoutMs: number,
): OpenTunnel {
  const connect: buildConnector.connector = (options, callback) => {
    // undici would take the target's name, from the Host header, for that of the proxy.
    const servername = isIP(proxy.hostname) === 0 ? proxy.hostname : undefined;
    return connector({ ...options, servername }, callback);
  };
  const origin = `${proxy.secure ? 'https' : 'http'}://${bracketed(proxy.hostname)}:${proxy.port}`;
  return async ({ hostname, port }) => {
    // A client per tunnel: the connection is handed over whole, there is nothing to pool.
    const client = new Client(origin, { connect, headersTimeout: timeoutMs });
    try {
      const address = `${bracketed(hostname)}:${port}`;
      const { statusCode, socket } = await client.connect({
        path: address,
        headers: { host: address, ...credentialsOf(proxy) },
      });
      const refusal = refusalOf(statusCode, socket as Socket);
      if (refusal === undefined) return socket as Socket;
      socket.on('error', () => {}).destroy();
      throw new ConnectError('proxy', refusal);
    } catch (error) {
      if (error instanceof ConnectError) throw error;
      throw new ConnectError('proxy', `proxy ${proxy.hostname}: ${reasonOf(error)}`, { cause: error });
    } finally {
      client.destroy().catch(() => {});
    }
  };
}

function refusalOf(statusCode: number, socket: Socket): string | undefined {
  if (statusCode === 407) return 'The proxy answered 407 to CONNECT: check its user and password.';
  if (statusCode !== 200) return `The proxy answered ${statusCode} to CONNECT.`;
  // No upstream speaks first. undici would drop such a connection and open the next one, in a loop without a pause.
  return socket.readableLength > 0 ? 'The proxy answered more to CONNECT than its consent.' : undefined;
}

function bracketed(hostname: string): string {
  return hostname.includes(':') ? `[${hostname}]` : hostname;
}

function credentialsOf({ user, password }: ProxyAddress): Record<string, string> {
  if (user === '' && password === '') return {};
  return { 'proxy-authorization': `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
