/** A TCP proxy that stands before a server and fails on command: slow, silent, cut off, reset. */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** From the client to the server, or back. */
export type Direction = 'up' | 'down';

/** What is wrong with the connection at this moment; it concerns old and new connections alike. */
export interface Faults {
  /** Each piece of data arrives this much later, in both directions. */
  latencyMs?: number;
  /** Slow: no more than this goes through, in each direction of each connection. */
  bytesPerSecond?: number;
  /** Nothing goes through, and nobody is told; when it is over, what was held back arrives. */
  isBlackhole?: boolean;
  /** A new connection is reset at once. */
  isRefusing?: boolean;
  /** The connection is reset as soon as more than this went through: `{ down: 0 }` loses the answer but not the request. */
  resetAfterBytes?: Partial<Record<Direction, number>>;
}

export interface FaultProxyOptions {
  /** Connections whose client has sent something that fits are marked from then on: faults can be for them alone. */
  marks?: RegExp;
}

/** Whom a fault concerns. */
export interface Concerned {
  isOnlyMarked?: boolean;
}

interface Connection {
  client: net.Socket;
  server: net.Socket;
  bytes: Record<Direction, number>;
  isMarked: boolean;
}

export class FaultProxy {
  /** How many connections clients have opened. */
  accepted = 0;
  /** How often a fault has met a connection or what went through it: where nobody came by, nothing was broken. */
  struck = 0;
  readonly #target: { host: string; port: number };
  readonly #listener: net.Server;
  readonly #connections = new Set<Connection>();
  readonly #marks: RegExp | undefined;
  #faults: Faults = {};
  #concerned: Concerned = {};

  /** Listens on a free port of 127.0.0.1 before the server that `targetUrl` names. */
  static async open(targetUrl: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const { hostname, port } = new URL(targetUrl);
    const proxy = new FaultProxy({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }, options);
    await new Promise<void>((resolve, reject) => {
      proxy.#listener.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  private constructor(target: { host: string; port: number }, { marks }: FaultProxyOptions) {
    this.#target = target;
    this.#marks = marks;
    this.#listener = net.createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  get port(): number {
    return (this.#listener.address() as net.AddressInfo).port;
  }

  /** The same address with the proxy in place of its host and port. */
  through(url: string): string {
    const proxied = new URL(url);
    proxied.hostname = '127.0.0.1';
    proxied.port = String(this.port);
    return proxied.href;
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /** Replaces all faults. A connection that is not marked yet cannot be refused for its mark. */
  set(faults: Faults, concerned: Concerned = {}): void {
    this.#faults = faults;
    this.#concerned = concerned;
  }

  heal(): void {
    this.set({});
  }

  /** Resets every connection: both sides see an error. */
  reset(concerned: Concerned = {}): void {
    for (const { client, server } of this.#open(concerned)) {
      this.struck += 1;
      breakOff(client);
      breakOff(server);
    }
  }

  /** Ends every connection in the middle, as a server does that shuts down: both sides see an end without an error. */
  cut(concerned: Concerned = {}): void {
    for (const { client, server } of this.#open(concerned)) {
      this.struck += 1;
      client.destroySoon();
      server.destroySoon();
    }
  }

  async close(): Promise<void> {
    this.heal();
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    this.reset();
    await closed;
  }

  #open({ isOnlyMarked }: Concerned): Connection[] {
    return [...this.#connections].filter(({ isMarked }) => isMarked || !isOnlyMarked);
  }

  #faultsOf({ isMarked }: Pick<Connection, 'isMarked'>): Faults {
    return isMarked || !this.#concerned.isOnlyMarked ? this.#faults : {};
  }

  #accept(client: net.Socket): void {
    this.accepted += 1;
    client.on('error', () => {});
    if (this.#faultsOf({ isMarked: false }).isRefusing) {
      this.struck += 1;
      breakOff(client);
      return;
    }
    const server = net.connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    const connection: Connection = { client, server, bytes: { up: 0, down: 0 }, isMarked: false };
    this.#connections.add(connection);
    const forget = () => this.#connections.delete(connection);
    // A connection that breaks on one side must not stay open on the other.
    server.on('error', () => breakOff(client));
    client.on('error', () => breakOff(server));
    client.on('close', forget);
    this.#pump(connection, 'up').catch(() => breakOff(server));
    this.#pump(connection, 'down').catch(() => breakOff(client));
  }

  async #pump(connection: Connection, direction: Direction): Promise<void> {
    const [from, to] =
      direction === 'up' ? [connection.client, connection.server] : [connection.server, connection.client];
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (direction === 'up' && this.#marks?.test(chunk.toString('latin1'))) connection.isMarked = true;
      for (const piece of this.#pieces(connection, chunk)) {
        await this.#hold(connection, piece.length, to);
        const allowed = this.#allowed(connection, direction, piece.length);
        connection.bytes[direction] += allowed;
        if (allowed > 0) to.write(piece.subarray(0, allowed));
        if (allowed < piece.length) {
          this.struck += 1;
          breakOff(connection.client);
          breakOff(connection.server);
          return;
        }
        if (to.writableNeedDrain) await new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
      }
    }
    await this.#hold(connection, 0, to);
    to.end();
  }

  #pieces(connection: Connection, chunk: Buffer): Buffer[] {
    const size = Math.max(1, Math.floor((this.#faultsOf(connection).bytesPerSecond ?? chunk.length * 20) / 20));
    return Array.from({ length: Math.ceil(chunk.length / size) }, (_, i) => chunk.subarray(i * size, (i + 1) * size));
  }

  /** Waits as long as the faults say, looking again when they change. */
  async #hold(connection: Connection, bytes: number, to: net.Socket): Promise<void> {
    const { latencyMs = 0, bytesPerSecond, isBlackhole } = this.#faultsOf(connection);
    const waitMs = latencyMs + (bytesPerSecond ? (bytes * 1000) / bytesPerSecond : 0);
    if (waitMs > 0 || isBlackhole) this.struck += 1;
    if (waitMs > 0) await delay(waitMs);
    while (this.#faultsOf(connection).isBlackhole && !to.destroyed) await delay(10);
  }

  #allowed(connection: Connection, direction: Direction, wanted: number): number {
    const limit = this.#faultsOf(connection).resetAfterBytes?.[direction];
    const { bytes } = connection;
    return limit === undefined ? wanted : Math.min(wanted, Math.max(0, limit - bytes[direction]));
  }
}

/** With a reset where that is possible: one that is asked for behind an end on its way would keep the event loop busy for ever. */
function breakOff(socket: net.Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
