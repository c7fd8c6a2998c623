import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { Vault } from '../credentials/vault.js';
import { importFile } from '../testing/import-file.js';
import { masterKey, TestStack } from '../testing/test-stack.js';
import { rotateKeys } from './rotate-keys.js';

const newKey = 'a-new-master-key-of-the-tests-42';
let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
});
afterAll(() => stack.close());

test('everything opens with the new key alone afterwards, also what was refreshed meanwhile', async () => {
  const before = await stack.start();
  const people = Array.from({ length: 40 }, (_, index) => ({ email: `rotated-${index}@example.com` }));
  const rows = people.map((account) => {
    stack.upstream.refreshTokens.set(`refresh-of-${account.email}`, account);
    stack.upstream.sessionTokens.set(`session-of-${account.email}`, account);
    return {
      access_token: stack.upstream.mint(account),
      ...(account.email.includes('1') ? { session_token: `session-of-${account.email}` } : {}),
      refresh_token: `refresh-of-${account.email}`,
    };
  });
  await importFile(stack, rows, { mode: 'offline' });
  await stack.call('PUT', '/internal/proxies', { body: { uploadProxyUrl: 'http://me:secret@127.0.0.1:9' } });
  const [first] = await stack.database.token.findMany({ orderBy: { id: 'asc' } });
  const { attemptId } = await assignWithProxy(first!.id);
  await stack.stop(before);

  await stack.start({ masterKey: newKey, oldMasterKeys: [masterKey] });
  const vault = new Vault(newKey, [masterKey]);
  const tokens = await stack.database.token.findMany();
  const refreshing = tokens.map(({ id, credentialVersion }) =>
    stack.call('POST', `/internal/tokens/${id}/credential`, { body: { staleVersion: credentialVersion } }),
  );
  const rotating = rotateKeys({ database: stack.database, vault, portion: 7, pauseMs: 5 });
  const answers = await Promise.all(refreshing);
  expect(await rotating).toMatchObject({ unreadable: [], left: 0 });
  expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
  expect(await rotateKeys({ database: stack.database, vault })).toEqual({ resealed: 0, unreadable: [], left: 0 });

  const alone = new Vault(newKey);
  for (const token of await stack.database.token.findMany()) {
    expect(token.credentialVersion).toBe(2);
    const current = alone.open(token.id, 'access_token_sealed', token.accessTokenSealed);
    expect(stack.upstream.accessTokens.get(current)).toMatchObject({ email: token.identity });
    const refreshToken = alone.openOptional(token.id, 'refresh_token_sealed', token.refreshTokenSealed);
    expect(stack.upstream.refreshTokens.has(refreshToken ?? '')).toBe(true);
  }
  const setting = await stack.database.sealedSetting.findUniqueOrThrow({ where: { key: 'proxy.upload' } });
  expect(alone.openSetting('proxy.upload', setting.valueSealed)).toBe('http://me:secret@127.0.0.1:9');
  const attempt = await stack.database.submitAttempt.findUniqueOrThrow({ where: { id: attemptId } });
  expect(alone.open(first!.id, 'proxy_sealed', attempt.proxySealed ?? '')).toBe('http://old.example:1');
});

test('a value that no given key opens is named and left as it is', async () => {
  const vault = new Vault('yet-another-master-key-77', ['a-key-that-sealed-nothing-99']);
  const readSealed = () =>
    stack.database.token.findMany({
      orderBy: { id: 'asc' },
      select: { id: true, accessTokenSealed: true, sessionTokenSealed: true, refreshTokenSealed: true },
    });
  const before = await readSealed();
  const report = await rotateKeys({ database: stack.database, vault });
  expect(report).toMatchObject({ resealed: 0, left: 0 });
  expect(report.unreadable).toContain(`token.access_token_sealed ${before[0]?.id}`);
  expect(await readSealed()).toEqual(before);
});

/** An attempt that keeps a proxy which its account no longer has. */
async function assignWithProxy(tokenId: string): Promise<{ attemptId: string }> {
  const { attemptId } = await insertAssigned(stack.database, { tokenId });
  const proxySealed = new Vault(masterKey).seal(tokenId, 'proxy_sealed', 'http://old.example:1');
  await stack.database.submitAttempt.update({ where: { id: attemptId }, data: { proxySealed, proxyPlace: 'token' } });
  return { attemptId };
}
