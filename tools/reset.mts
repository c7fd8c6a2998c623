// `npm run db:reset`: throws the database away. Without DATABASE_URL that is Reelay's own in the data folder, with what hangs
// on it (queue, media, the simulator's state); keys stay. With DATABASE_URL it drops that database, and wants `-- --yes` for it.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { homeDir, root } from './infra/paths.mts';
import { claimInstance } from './launcher/single-instance.mts';
import { migrate } from './migrate.mts';

const url = process.env.DATABASE_URL;
process.exitCode = url ? await resetGiven(url, process.argv.includes('--yes')) : await resetOwn();

async function resetGiven(databaseUrl: string, isConfirmed: boolean): Promise<number> {
  const target = new URL(databaseUrl);
  const database = decodeURIComponent(target.pathname.slice(1));
  if (!isConfirmed) {
    console.error(`This drops the database ${database} on ${target.host} with everything in it.`);
    console.error('If you mean it: npm run db:reset -- --yes');
    return 1;
  }
  const server = new URL(databaseUrl);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    // FORCE: connections of a running stack would otherwise refuse the drop; the apps connect again.
    await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)} WITH (FORCE)`);
  } finally {
    await client.end();
  }
  const applied = await migrate(databaseUrl);
  console.log(`The database ${database} is new and empty, with ${applied.length} migrations applied.`);
  return 0;
}

async function resetOwn(): Promise<number> {
  const folder = await claimInstance(homeDir, 'stack');
  if (folder === undefined) {
    console.error('Reelay runs in this folder. Stop it first (Ctrl-C where it runs), then reset.');
    return 1;
  }
  const parts = ['postgres', 'redis', 'media', 'simulator'].map((name) => path.join(homeDir, name));
  const present = parts.filter(existsSync);
  for (const part of present) rmSync(part, { recursive: true, force: true });
  const names = present.map((part) => path.relative(root, part)).join(', ');
  console.log(present.length > 0 ? `Removed ${names}. npm start makes them anew.` : 'There was nothing to reset.');
  folder.release();
  return 0;
}
