// `npm run prisma -- <arguments>`: Prisma's command line with the schema engine from npm (see prisma-engine.mts).
// Commands that need a database get a throw-away one with all migrations applied unless DATABASE_URL names one.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './infra/paths.mts';
import { withThrowAwayPostgres } from './infra/throw-away.mts';
import { migrate } from './migrate.mts';

const args = process.argv.slice(2);
const needsDatabase = ['migrate', 'db'].includes(args[0] ?? '');

process.exitCode =
  needsDatabase && !process.env.DATABASE_URL
    ? await withThrowAwayPostgres(async (postgres) => {
        const url = postgres.databaseUrl('reelay');
        await migrate(url);
        return prisma(url);
      })
    : await prisma(process.env.DATABASE_URL);

function prisma(databaseUrl: string | undefined): Promise<number> {
  const env = {
    ...process.env,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
    PRISMA_SCHEMA_ENGINE_BINARY:
      process.env.PRISMA_SCHEMA_ENGINE_BINARY || path.join(root, 'tools', 'prisma-engine.mts'),
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  const cli = path.join(root, 'node_modules', 'prisma', 'build', 'index.js');
  const child = spawn(process.execPath, [cli, ...args], { cwd: root, stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
