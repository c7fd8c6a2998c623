import { dumpRedis, dumpTables } from '@reelay/testing/stored-texts';
import { exportFile, importFile, runBatch } from '../testing/import-file.js';
import { internalKey, masterKey, TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());

/** Told apart from everything else, wherever it turns up. */
const canary = (name: string) => `canary-${name}-5b1f0c9d7e`;

test('a planted secret is found in no table, not in Redis and not in a log, whatever was done with it', async () => {
  const people = Array.from({ length: 4 }, (_, index) => ({ email: `canary-${index}@example.com` }));
  const [imported, exchanged, sessioned, added] = people as [object, object, object, object] & typeof people;
  const accessTokens = [stack.upstream.mint(imported as never), stack.upstream.mint(added as never)];
  stack.upstream.refreshTokens.set(canary('refresh'), exchanged as never);
  stack.upstream.sessionTokens.set(canary('session'), sessioned as never);
  const proxyUrl = `http://me:${canary('proxy')}@127.0.0.1:9`;

  await importFile(stack, [{ access_token: accessTokens[0], refresh_token: canary('stored'), proxy_url: proxyUrl }], {
    mode: 'offline',
  });
  await importFile(stack, `${canary('refresh')}\n${canary('refused')}\n`, { mode: 'refresh' });
  await importFile(stack, [{ session_token: canary('session') }, { session_token: canary('dead') }], {
    mode: 'session',
  });
  await importFile(stack, `token,remark\n"${canary('broken')}" x",y\n`, { mode: 'access' });
  await importFile(stack, `[{"access_token": "${canary('cut')}`, { mode: 'access' });
  stack.upstream.failures.set('/oauth/token', { status: 500, body: { error: canary('unanswered') } });
  await importFile(stack, canary('unanswered'), { mode: 'refresh' });
  stack.upstream.failures.clear();
  const { id } = await stack.add({ accessToken: accessTokens[1], sessionToken: canary('added') });
  await runBatch(stack, { kind: 'set_proxy', tokenIds: [id], proxyUrl });
  await runBatch(stack, { kind: 'test', filter: {} });
  await runBatch(stack, { kind: 'set_proxy', tokenIds: [id], proxyUrl: null });
  await runBatch(stack, { kind: 'refresh', filter: {} });
  await exportFile(stack);

  const secrets = [canary('').slice(0, 7), '5b1f0c9d7e', masterKey, internalKey, ...stack.upstream.accessTokens.keys()];
  const [tables, redis] = await Promise.all([
    dumpTables(stack.file.url),
    dumpRedis(stack.redis.client, stack.redis.prefix),
  ]);
  const places = { tables: tables.join('\n'), redis: redis.join('\n'), logs: stack.lines.join('\n') };
  // The accounts' own names begin like the secrets.
  const named = (text: string) => text.replaceAll(/canary-\d@example\.com/g, '');
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(0);
    for (const secret of secrets) {
      const at = named(text).indexOf(secret);
      expect(`${place}: ${at < 0 ? 'clean' : named(text).slice(Math.max(0, at - 200), at + 60)}`).toBe(
        `${place}: clean`,
      );
    }
  }
}, 180_000);
