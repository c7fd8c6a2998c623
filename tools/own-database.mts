import path from 'node:path';
import { homeDir } from './infra/paths.mts';
import { startPostgres } from './infra/postgres.mts';
import { readRunFile } from './launcher/run-file.mts';
import { claimInstance } from './launcher/single-instance.mts';

/** The name of Reelay's database wherever Reelay makes it itself. */
export const databaseName = 'reelay';

/**
 * Runs `use` with DATABASE_URL, else with the database of the stack that runs in this folder, else with the PostgreSQL of the
 * data folder, started for the purpose.
 */
export async function withOwnDatabase<T>(use: (url: string) => Promise<T>): Promise<T> {
  if (process.env.DATABASE_URL) return use(process.env.DATABASE_URL);
  const folder = await claimInstance(homeDir, 'stack');
  if (folder === undefined) {
    const run = readRunFile(homeDir);
    if (run === undefined) throw new Error('Reelay is being started or stopped in this folder; try again in a moment.');
    return use(run.databaseUrl);
  }
  const postgres = await startPostgres({ dataDir: path.join(homeDir, 'postgres'), durable: true });
  try {
    return await use(postgres.databaseUrl(databaseName));
  } finally {
    await postgres.stop();
    folder.release();
  }
}
