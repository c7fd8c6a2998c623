import { rmSync } from 'node:fs';
import path from 'node:path';
import { type PostgresServer, startPostgres } from './postgres.mts';
import { temporaryFolder } from './temporary-folder.mts';

/** Runs `use` with a PostgreSQL that is gone afterwards. */
export async function withThrowAwayPostgres<T>(use: (postgres: PostgresServer) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  try {
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: false });
    try {
      return await use(postgres);
    } finally {
      await postgres.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
