/** A token-manager dies by SIGKILL in the middle of a row of an import, and another one goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import { endOf, upload } from '../testing/import-file.js';
import { internalKey, masterKey, TestStack } from '../testing/test-stack.js';

let stack: TestStack;
let victim: ChildProcess | undefined;

beforeAll(async () => {
  stack = await TestStack.open();
});
afterAll(async () => {
  victim?.kill('SIGKILL');
  await stack.close();
});

/** As `dist` has it: a process of its own, that is struck where the upstream has answered and nothing of the answer is stored yet. */
async function startVictim(): Promise<string> {
  const options = {
    ...{
      databaseUrl: stack.file.url,
      redisUrl: stack.redis.url,
      redisPrefix: stack.redis.prefix,
      masterKey,
      internalKey,
    },
    ...{ simulatorUrl: stack.upstream.url, host: '127.0.0.1', port: 0, version: '1.2.3', commit: 'abcdef0' },
  };
  const script = `
    const { armCrashPoint } = require('@reelay/platform/crash-point');
    const { createLogger } = require('@reelay/platform/logger');
    const { createTokenManager } = require('./dist/create-token-manager.js');
    armCrashPoint('import.before-keep:3');
    const log = createLogger({ app: 'victim', write: () => {} });
    createTokenManager({ ...${JSON.stringify(options)}, log }).then(({ url }) => process.stdout.write(url));`;
  const folder = path.join(__dirname, '../..');
  victim = spawn(process.execPath, ['-e', script], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = (await once(victim.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return url.toString();
}

test('the row that had sent its refresh token is told as unknown and sent no second time; every other row is done', async () => {
  const url = await startVictim();
  const died = once(victim as ChildProcess, 'exit');
  const people = Array.from({ length: 24 }, (_, index) => ({ email: `killed-${index}@example.com` }));
  const tokens = people.map((account, index) => {
    stack.upstream.refreshTokens.set(`refresh-killed-${index}`, account);
    return `refresh-killed-${index}`;
  });
  // It may die before it has answered.
  await upload(stack, tokens.join('\n'), { mode: 'refresh' }, url).catch(() => undefined);
  expect(await died).toEqual([null, 'SIGKILL']);
  const { id } = await stack.database.batch.findFirstOrThrow();

  await stack.start();
  // Nobody waits here for the minutes after which a claim counts as a dead one's.
  await stack.database.batchRow.updateMany({
    where: { batchId: id, verdict: null },
    data: { claimedUntil: new Date(0) },
  });
  const batch = await endOf(stack, id);
  const sent = stack.upstream.sentRefreshTokens;
  expect(new Set(sent).size).toBe(sent.length);

  const failed = batch.rows.filter(({ verdict }) => verdict === 'failed');
  // A row beside the struck one may have been marked as sent, and its request not have left yet.
  expect(tokens.filter((token) => !sent.includes(token)).length).toBeLessThan(Math.max(failed.length, 1));
  // Of the four at work together it struck one; those beside it may have been under way as well.
  expect(failed.length).toBeGreaterThanOrEqual(1);
  expect(failed.length).toBeLessThanOrEqual(4);
  for (const { message } of failed) expect(message).toMatch(/no answer came/);
  expect(batch.rows.filter(({ verdict }) => verdict === 'added')).toHaveLength(people.length - failed.length);
  const known = await stack.database.token.findMany({ where: { identity: { startsWith: 'killed-' } } });
  expect(known).toHaveLength(people.length - failed.length);
  await waitFor(async () => (await stack.database.batchRow.count({ where: { payloadSealed: { not: null } } })) === 0, {
    timeoutMs: 20_000,
  });
}, 90_000);
