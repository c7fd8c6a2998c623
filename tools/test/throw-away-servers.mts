// A PostgreSQL and a Redis that a fault test restarts as it likes. Started with an IPC channel, and gone when that is closed; it must
// never be pointed at data that somebody wants to keep.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { type PostgresServer, startPostgres } from '../infra/postgres.mts';
import { type RedisServer, startRedis } from '../infra/redis.mts';
import { temporaryFolder } from '../infra/temporary-folder.mts';
import { migrate } from '../migrate.mts';

type Order = 'restart-postgres-fast' | 'restart-postgres-immediate' | 'restart-redis-empty';

const folder = temporaryFolder();
// Durable: what was committed must survive an immediate shutdown. Redis keeps nothing, so that it comes back empty.
const postgresOptions = { dataDir: path.join(folder, 'postgres'), durable: true };
const redisOptions = { dataDir: path.join(folder, 'redis'), durable: false };

let postgres: PostgresServer = await startPostgres(postgresOptions);
let redis: RedisServer = await startRedis(redisOptions);
const databaseUrl = postgres.databaseUrl('reelay');
await migrate(databaseUrl);

const orders: Record<Order, () => Promise<void>> = {
  'restart-postgres-fast': () => restartPostgres(() => postgres.stop()),
  'restart-postgres-immediate': () => restartPostgres(() => killed(postgres, 'SIGQUIT')),
  'restart-redis-empty': async () => {
    await killed(redis, 'SIGKILL');
    redis = await startRedis({ ...redisOptions, port: redis.port });
  },
};

let turn = Promise.resolve();
process.on('message', ({ id, order }: { id: number; order: Order }) => {
  turn = turn.then(async () => {
    const error = await orders[order]().then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    process.send?.({ id, error });
  });
});
process.once('disconnect', () => void end());
process.once('SIGTERM', () => void end());
process.send?.({ databaseUrl, redisUrl: redis.url });

async function restartPostgres(stop: () => Promise<void>): Promise<void> {
  await stop();
  postgres = await startPostgres({ ...postgresOptions, port: postgres.port });
}

async function killed(server: PostgresServer | RedisServer, signal: NodeJS.Signals): Promise<void> {
  const ended = new Promise<void>((resolve) => server.onExit(() => resolve()));
  process.kill(server.pid, signal);
  await ended;
}

async function end(): Promise<void> {
  await turn;
  await Promise.all([postgres.stop(), redis.stop()]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.exit(0);
}
