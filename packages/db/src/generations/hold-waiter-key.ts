/**
 * A gateway process shows that it lives by an advisory lock on a connection of its own. Rows name the lock's key; when nobody holds
 * it, the process that waited for their results is gone, however it died.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export interface WaiterKey {
  /** Random, 63 bits, positive. */
  readonly key: bigint;
  isHeld(): boolean;
  close(): Promise<void>;
}

export interface HoldWaiterKeyOptions {
  url: string;
  applicationName: string;
  /** Told when the lock is lost or cannot be taken; it is tried again until `close`. */
  onTrouble?: (error: unknown) => void;
}

const checkEveryMs = 5_000;
const retryAfterMs = 500;
/** In seconds, for the server's side: of a host that lost its power no end arrives, and its lock is to be free soon. */
const serverKeepAlive = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

/** Resolves after the first try; while Postgres is away the key is not held, and is taken as soon as it is back. */
export async function holdWaiterKey(options: HoldWaiterKeyOptions): Promise<WaiterKey> {
  const key = randomBytes(8).readBigUInt64BE() >> 1n;
  let client: Client | undefined;
  let isHeld = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  async function tick(): Promise<void> {
    try {
      client ??= await connect(options, lose);
      if (isHeld) await client.query('SELECT 1');
      // A session of ours that the server has not missed yet may still hold it; that is as good for now.
      else isHeld = await tryLock(client, key);
    } catch (error) {
      lose(error);
    }
    if (!isClosed) timer = setTimeout(() => void tick(), isHeld ? checkEveryMs : retryAfterMs);
  }

  function lose(error: unknown): void {
    const lost = client;
    client = undefined;
    isHeld = false;
    void lost?.end().catch(() => undefined);
    if (!isClosed) options.onTrouble?.(error);
  }

  await tick();
  return {
    key,
    isHeld: () => isHeld,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}

async function connect(options: HoldWaiterKeyOptions, onLoss: (error: unknown) => void): Promise<Client> {
  const client = new Client({
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    keepAlive: true,
    options: serverKeepAlive,
  });
  client.on('error', onLoss);
  await client.connect();
  return client;
}

async function tryLock(client: Client, key: bigint): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [String(key)]);
  return rows[0]?.locked === true;
}
