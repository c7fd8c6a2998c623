/** What the proxies of the tests have in common: who went through them, where a name leads, and the tunnels themselves. */
import { connect, type Server, type Socket } from 'node:net';

export interface ProxyOptions {
  /** Asked of every client when given. */
  user?: string;
  password?: string;
  /** Where names lead, in place of DNS: an address, or an address and a port. Without it names are looked up as usual. */
  resolves?: Readonly<Record<string, string>>;
  /** The address of this machine that its connections leave from, e.g. `127.0.0.2` (Linux has them all): the target can tell who comes. */
  leavesFrom?: string;
}

export interface ProxyLogEntry {
  /** `host:port` as the client named it. */
  target: string;
  /** Undefined when nobody had to say who he was. */
  user: string | undefined;
  at: Date;
}

/** A real proxy on a free port of 127.0.0.1. */
export interface TestProxy {
  /** With the user and password it asks for. */
  readonly url: string;
  readonly port: number;
  /** Every tunnel that was opened through it, in order. Who was refused is not among them. */
  readonly log: readonly ProxyLogEntry[];
  /** Tunnels standing at this moment. */
  readonly openTunnels: number;
  /** From now on every request for a tunnel is refused with this: an HTTP status, or a SOCKS5 reply. Undefined heals it. */
  refuseWith(code: number | undefined): void;
  /** Ends every tunnel and listens no more: the proxy is dead. */
  close(): Promise<void>;
}

/** Opens and counts tunnels for one proxy. */
export class Tunnels {
  readonly log: ProxyLogEntry[] = [];
  refusal: number | undefined;
  readonly #resolves: Readonly<Record<string, string>>;
  readonly #leavesFrom: string | undefined;
  readonly #sockets = new Set<Socket>();
  #open = 0;

  constructor(options: ProxyOptions) {
    this.#resolves = options.resolves ?? {};
    this.#leavesFrom = options.leavesFrom;
  }

  get open(): number {
    return this.#open;
  }

  /** Resolves with the connection to the target. @throws the error of that connection, by whose `code` the proxy answers */
  async reach(host: string, port: number, user: string | undefined): Promise<Socket> {
    const lead = new URL(`tcp://${this.#resolves[host] ?? (host.includes(':') ? `[${host}]` : host)}`);
    const upstream = connect({
      host: lead.hostname.replace(/^\[|\]$/g, ''),
      port: lead.port === '' ? port : Number(lead.port),
      ...(this.#leavesFrom !== undefined && { localAddress: this.#leavesFrom }),
      allowHalfOpen: true,
      noDelay: true,
    });
    this.track(upstream);
    await new Promise<void>((resolve, reject) => upstream.once('connect', resolve).once('error', reject));
    this.log.push({ target: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, user, at: new Date() });
    return upstream;
  }

  /** From here on nothing of what goes through is looked at. */
  join(client: Socket, upstream: Socket): void {
    this.#open += 1;
    client.once('close', () => {
      this.#open -= 1;
      upstream.destroy();
    });
    upstream.once('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  }

  /** Everything that must end with the proxy. */
  track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async close(server: Server): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on no port');
  return address.port;
}

/** `user:password@`, or nothing for a proxy that asks nobody. */
export function credentialsInUrl({ user, password = '' }: ProxyOptions): string {
  return user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
}
