// `npm run reconcile`: what there is to do according to the rows, which of it has no job in Redis, and makes those jobs. The workers do
// the same by themselves at their start, on a timer and when Redis has lost its data. `-- --dry-run` only looks.
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type Database } from '@reelay/db/client';
import { surveyWork } from '@reelay/db/repair/survey-work';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { table } from '../bench/table.mts';
import { homeDir } from './infra/paths.mts';
import { readRunFile } from './launcher/run-file.mts';
import { withOwnDatabase } from './own-database.mts';
import { describeSurvey } from './reconcile/describe-survey.mts';
import { type FoundJobs, findJobs, ringJobs } from './reconcile/jobs.mts';

const isDryRun = process.argv.includes('--dry-run');
const unknown = process.argv.slice(2).find((argument) => argument !== '--dry-run');
if (unknown !== undefined)
  refuse(new Error(`"${unknown}" is not understood. Only --dry-run is: it looks and changes nothing.`));
process.exitCode = await withOwnDatabase(reconcile).catch(refuse);

async function reconcile(databaseUrl: string): Promise<number> {
  const database = createDatabase({ url: databaseUrl, applicationName: 'reelay-reconcile', poolSize: 2 });
  try {
    const survey = await surveyWork(database).catch((error: Error) => {
      throw new Error(unasked(databaseUrl, error), { cause: error });
    });
    console.log(table(['what', 'how many'], describeSurvey(survey)));
    // Of the stack that runs in the data folder only where its database is asked, too.
    const redisUrl = process.env.REDIS_URL || (process.env.DATABASE_URL ? undefined : readRunFile(homeDir)?.redisUrl);
    const isBroken = Object.values(survey.broken).some((count) => count > 0);
    if (isBroken) console.error('\nSomething is there that no path of the code leaves behind; please report it.');
    if (redisUrl === undefined) {
      console.log(
        '\nNo Redis was named (REDIS_URL) and none runs in the data folder: jobs are made when the workers start.',
      );
      return isBroken ? 1 : 0;
    }
    return Math.max(await withRedis(redisUrl, (queues) => repairJobs(database, queues)), isBroken ? 1 : 0);
  } finally {
    await database.$disconnect();
  }
}

async function repairJobs(database: Database, queues: Queues): Promise<number> {
  const found = await findJobs(database, queues);
  const missing = found.run.missing.length + found.poll.missing.length + found.finish.missing.length;
  const made = isDryRun ? undefined : await ringJobs(queues, found);
  console.log(`\n${table(['job', 'should exist', 'missing', 'made'], rowsOf(found, made))}`);
  if (made === false) {
    console.error('\nRedis did not take all of them. Look whether it runs and has memory left, then run this again.');
    return 1;
  }
  return isDryRun && missing > 0 ? 1 : 0;
}

function rowsOf({ run, poll, finish, isWaiting }: FoundJobs, made: boolean | undefined): string[][] {
  const word = (count: number) => (made === undefined ? 'dry run' : made ? String(count) : 'failed');
  const row = (what: string, { wanted, missing }: FoundJobs['run' | 'poll' | 'finish']) => [
    ...[what, String(wanted), String(missing.length), word(missing.length)],
  ];
  return [
    row('run: assigned, submit not accepted yet', run),
    row('poll: accounts with open attempts', poll),
    row('finish: made upstream, not stored yet', finish),
    ['dispatch: the bell, rung while anything waits', isWaiting ? '1' : '0', '', word(isWaiting ? 1 : 0)],
  ];
}

/** Without the password that the address may hold; of the driver's text only what it is about. */
function unasked(databaseUrl: string, { message }: Error): string {
  const { host, pathname } = URL.canParse(databaseUrl)
    ? new URL(databaseUrl)
    : { host: 'an unreadable address', pathname: '' };
  const why = /Message: `(.*)`/s.exec(message)?.[1] ?? message.trim().split('\n').at(-1);
  return `The database ${host}${pathname} cannot be asked: ${why}. Look whether it runs and is the one of this Reelay, with its migrations, or name another one in DATABASE_URL.`;
}

async function withRedis<T>(url: string, use: (queues: Queues) => Promise<T>): Promise<T> {
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    throw new Error('REDIS_URL must look like redis://127.0.0.1:6379. Correct it, then run this again.');
  const log = createLogger({ app: 'reconcile', level: 'error' });
  const redis = createRedis({ url, role: 'producer', log });
  const queues = new Queues({ redis, log });
  try {
    const ready = new Promise<boolean>((resolve) => redis.once('ready', () => resolve(true)));
    if (!(await Promise.race([ready, delay(10_000, false, { ref: false })]))) {
      throw new Error(`Redis cannot be reached at ${new URL(url).host}. Start it, or name another one in REDIS_URL.`);
    }
    return await use(queues);
  } finally {
    await queues.close();
    await closeRedis(redis);
  }
}

function refuse(error: unknown): never {
  console.error((error as Error).message);
  process.exit(1);
}
