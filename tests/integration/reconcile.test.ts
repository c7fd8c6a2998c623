/**
 * `npm run reconcile`: says what the rows want, makes the jobs that Redis has not, and a second time has nothing to do.
 *
 * @slow
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { acknowledgeSubmit } from '@reelay/db/attempts/acknowledge-submit';
import { beginSend } from '@reelay/db/attempts/begin-send';
import { createDatabase, type Database } from '@reelay/db/client';
import { insertAssigned, insertGeneration } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { createRedis } from '@reelay/platform/redis';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { testRedisUrl } from '@reelay/testing/redis';
import { waitFor } from '@reelay/testing/wait-for';

/** The program knows no prefix; a database of Redis that nothing else uses keeps it apart. */
const redisUrl = new URL('/13', testRedisUrl()).href;
const redis = createRedis({ url: redisUrl, role: 'producer', log: createLogger({ app: 'test', write: () => {} }) });
const queues = new Queues({ redis, log: createLogger({ app: 'test', write: () => {} }) });
let file: TestDatabase;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  database = createDatabase({ url: file.url, applicationName: 'test' });
  await waitFor(() => redis.status === 'ready', { timeoutMs: 20_000 });
  await redis.flushdb();
});
afterAll(async () => {
  await redis.flushdb();
  await queues.close();
  redis.disconnect();
  await database.$disconnect();
  await file.drop();
});

function reconcile(
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['tools/reconcile.mts', ...args], {
    cwd: path.join(__dirname, '../..'),
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: file.url, REDIS_URL: redisUrl, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said: said.replaceAll(/ +/g, ' ') }));
  });
}

const jobs = async () => {
  const all = await Promise.all((['run', 'poll', 'finish', 'dispatch'] as const).map((name) => queues.counts(name)));
  return all.map(({ wait = 0, delayed = 0 }) => wait + delayed);
};

it('makes what is missing and nothing twice, and a dry run only tells of it', async () => {
  const [first, second] = [await insertToken(database), await insertToken(database)];
  await insertGeneration(database);
  const assigned = await insertAssigned(database, { tokenId: first });
  const rendering = await insertAssigned(database, { tokenId: second });
  await beginSend(database, rendering);
  const operation = { id: 'task-1' };
  await acknowledgeSubmit(database, { ...rendering, operation, from: ['sent'], litterId: 'l' });
  const made = await insertAssigned(database, { tokenId: first });
  await database.generation.update({
    where: { id: made.generationId },
    data: { state: 'running', stage: 'fetching', seq: 2 },
  });

  const looked = await reconcile(['--dry-run']);
  expect(looked.said).toContain('generations that wait for an account 1');
  expect(looked.said).toContain('attempts, intent 2');
  expect(looked.said).toContain('attempts, acked 1');
  expect(looked.said).toContain('slots of open attempts 3');
  expect(looked.said).toMatch(
    /run: .* 1 1 dry run\npoll: .* 1 1 dry run\nfinish: .* 1 1 dry run\ndispatch: .* 1 dry run/,
  );
  expect(looked.code).toBe(1);
  expect(await jobs()).toEqual([0, 0, 0, 0]);

  const repaired = await reconcile();
  expect(repaired.said).toMatch(/run: .* 1 1 1\npoll: .* 1 1 1\nfinish: .* 1 1 1\n/);
  expect(repaired.code).toBe(0);
  expect(await jobs()).toEqual([1, 1, 1, 1]);
  const [job] = await (await queues.open('run')).getJobs(['wait']);
  expect(job?.data).toEqual({ generationId: assigned.generationId });

  const again = await reconcile();
  expect(again.said).toMatch(/run: .* 1 0 0\npoll: .* 1 0 0\nfinish: .* 1 0 0\n/);
  expect(again.code).toBe(0);
  expect(await jobs()).toEqual([1, 1, 1, 1]);
}, 240_000);

it('names what no path of the code leaves behind, and says what stands in its way', async () => {
  const tokenId = await insertToken(database);
  const { attemptId } = await insertAssigned(database, { tokenId });
  await database.submitAttempt.update({
    where: { id: attemptId },
    data: { state: 'not_sent', closedAt: new Date() },
  });
  const broken = await reconcile(['--dry-run']);
  expect([broken.code, broken.said]).toEqual([1, expect.stringContaining('BROKEN: assigned without an attempt 1')]);
  const away = await reconcile([], { REDIS_URL: 'redis://127.0.0.1:9' });
  expect([away.code, away.said]).toEqual([1, expect.stringContaining('Redis cannot be reached at 127.0.0.1:9')]);
  const noRedis = await reconcile([], { REDIS_URL: 'localhost' });
  expect([noRedis.code, noRedis.said]).toEqual([1, expect.stringContaining('REDIS_URL must look like redis://')]);
  const mistyped = await reconcile(['--dryrun']);
  expect([mistyped.code, mistyped.said]).toEqual([1, expect.stringContaining('--dry-run')]);
}, 240_000);

it('says which database cannot be asked, and what to do, without the password', async () => {
  // Where the server asks for none, any will do.
  const password = new URL(file.url).password || 'of-nobody';
  const changed = (change: (url: URL) => void) => {
    const url = new URL(file.url);
    url.password = password;
    change(url);
    return url.href;
  };
  const wrong: [string, RegExp][] = [
    [changed((url) => (url.pathname = '/postgres')), /\/postgres cannot be asked: .*does not exist/],
    [changed((url) => (url.pathname = '/nowhere')), /\/nowhere cannot be asked: .*does not exist/],
    [changed((url) => (url.port = '1')), /127\.0\.0\.1:1\/\S+ cannot be asked: Can't reach/],
    ['nonsense', /an unreadable address cannot be asked/],
  ];
  for (const [DATABASE_URL, why] of wrong) {
    const { code, said } = await reconcile([], { DATABASE_URL });
    expect([code, said]).toEqual([1, expect.stringMatching(why)]);
    expect(said).toContain('name another one in DATABASE_URL');
    expect(said).not.toContain(password);
  }
}, 240_000);
