/**
 * The programs and their keys: a weak one is refused with a sentence that says what to do, and a rotation may be cut off at any time.
 *
 * @slow
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createDatabase, type Database } from '@reelay/db/client';
import { insertAssigned } from '@reelay/db/factories/insert-generation';
import { insertToken } from '@reelay/db/factories/insert-token';
import { createKeyRing, open, seal } from '@reelay/platform/seal';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';

const root = join(__dirname, '..', '..');
const good = 'a-good-key-of-the-tests-0123456789';
const environment = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none', REDIS_URL: 'redis://127.0.0.1:9' };

interface Ended {
  code: number | null;
  said: string;
}

/** Runs a program to its end; `until` kills it once it has said something. */
function run(args: string[], env: Record<string, string>, until?: string): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    ...{ cwd: root, env: { PATH: process.env.PATH ?? '', ...env } },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (text: Buffer) => {
    said += text.toString();
    if (until !== undefined && said.includes(until)) child.kill('SIGKILL');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
  });
}

const keysOf = {
  gateway: ['WEB_KEY', 'INTERNAL_KEY', 'ADMIN_KEY'],
  worker: ['INTERNAL_KEY'],
  'token-manager': ['MASTER_KEY', 'INTERNAL_KEY'],
} as const;
const places = { STORAGE_DIR: '/tmp', TOKEN_MANAGER_URL: 'http://127.0.0.1:9' };

describe.each(Object.entries(keysOf))('%s', (app, names) => {
  const start = (keys: Record<string, string>) =>
    run([`apps/${app}/dist/main.js`], { ...environment, ...places, ...keys });

  it.each([
    ['missing', undefined, (name: string) => `${name} is missing: set ${name} or ${name}_FILE`],
    ['short', 'short', (name: string) => `${name} has fewer than 16 characters: set one of your own`],
    [
      'a sample',
      'change-me-change-me',
      (name: string) => `${name} is a sample value that everybody knows: set one of your own`,
    ],
  ])(
    'does not start with a key that is %s, and says which and what to do',
    async (_what, value, sentence) => {
      const { code, said } = await start(
        value === undefined ? {} : Object.fromEntries(names.map((name) => [name, value])),
      );
      expect(code).toBe(1);
      for (const name of names) expect(said).toContain(sentence(name));
      if (value !== undefined) expect(said).not.toContain(`${value} `);
    },
    60_000,
  );
});

it('the token-manager does not start with an earlier master key that is a sample', async () => {
  const keys = { MASTER_KEY: good, INTERNAL_KEY: good, OLD_MASTER_KEYS: `${good}1,change-me-change-me` };
  const { code, said } = await run(['apps/token-manager/dist/main.js'], { ...environment, ...keys });
  expect([code, said]).toEqual([1, expect.stringContaining('OLD_MASTER_KEYS is a sample value that everybody knows')]);
}, 60_000);

describe('keys:rotate', () => {
  const [newKey, oldKey] = ['the-new-master-key-of-the-tests-1', 'the-old-master-key-of-the-tests-2'];
  const rings = { old: createKeyRing(oldKey, 'enc/credential'), new: createKeyRing(newKey, 'enc/credential') };
  let file: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    file = await createTestDatabase();
    database = createDatabase({ url: file.url, applicationName: 'test' });
  });
  afterAll(async () => {
    await database.$disconnect();
    await file.drop();
  });

  const rotate = (keys: Record<string, string>, until?: string) =>
    run(['tools/keys-rotate.mts'], { DATABASE_URL: file.url, ...keys }, until);
  const sealed = (table: string, row: string, column: string) =>
    seal(rings.old, `secret of ${row}`, { table, row, column });
  const opened = (table: string, row: string, column: string, text: string | null) =>
    open(rings.new, text ?? '', { table, row, column });

  async function fill(): Promise<void> {
    for (let no = 0; no < 250; no += 1) {
      const id = await insertToken(database);
      const data = {
        accessTokenSealed: sealed('token', id, 'access_token_sealed'),
        sessionTokenSealed: sealed('token', id, 'session_token_sealed'),
        refreshTokenSealed: no % 2 ? sealed('token', id, 'refresh_token_sealed') : null,
        proxySealed: no % 3 ? sealed('token', id, 'proxy_sealed') : null,
      };
      await database.token.update({ where: { id }, data });
      if (no > 0) continue;
      const { attemptId } = await insertAssigned(database, { tokenId: id });
      const proxySealed = sealed('token', id, 'proxy_sealed');
      await database.submitAttempt.update({ where: { id: attemptId }, data: { proxySealed, proxyPlace: 'token' } });
    }
    const setting = { key: 'proxy.upload', valueSealed: sealed('sealed_setting', 'proxy.upload', 'value_sealed') };
    await database.sealedSetting.create({ data: setting });
    const secretSealed = sealed('batch', 'batch-1', 'secret_sealed');
    await database.batch.create({
      data: { id: 'batch-1', kind: 'import', state: 'running', options: {}, secretSealed },
    });
    const rows = Array.from({ length: 120 }, (_, n) => ({
      ...{ batchId: 'batch-1', n, payloadSealed: sealed('batch_row', `batch-1/${n}`, 'payload_sealed') },
    }));
    await database.batchRow.createMany({ data: rows });
  }

  it('refuses to begin without an earlier key, and with a weak one', async () => {
    const alone = await rotate({ MASTER_KEY: newKey, REELAY_HOME: '/nonexistent' });
    expect([alone.code, alone.said]).toEqual([1, expect.stringContaining('There is no earlier master key')]);
    const weak = await rotate({ MASTER_KEY: 'short', OLD_MASTER_KEYS: oldKey });
    expect([weak.code, weak.said]).toEqual([1, expect.stringContaining('MASTER_KEY has fewer than 16 characters')]);
  }, 60_000);

  it('seals everything anew, though it was killed in between, and then the earlier key opens nothing any more', async () => {
    await fill();
    const keys = { MASTER_KEY: newKey, OLD_MASTER_KEYS: oldKey };
    const killed = await rotate(keys, 'token.access_token_sealed');
    expect(killed.said).toContain('token.access_token_sealed: 250 sealed anew');
    const finished = await rotate(keys);
    expect([finished.code, finished.said]).toEqual([0, expect.stringContaining('take it out of OLD_MASTER_KEYS')]);
    expect((await rotate(keys)).said).toContain('0 values were sealed anew');
    for (const token of await database.token.findMany({ include: { submitAttempts: true } })) {
      const { id, accessTokenSealed, sessionTokenSealed, refreshTokenSealed, proxySealed } = token;
      expect(opened('token', id, 'access_token_sealed', accessTokenSealed)).toBe(`secret of ${id}`);
      expect(opened('token', id, 'session_token_sealed', sessionTokenSealed)).toBe(`secret of ${id}`);
      if (refreshTokenSealed) opened('token', id, 'refresh_token_sealed', refreshTokenSealed);
      if (proxySealed) opened('token', id, 'proxy_sealed', proxySealed);
      for (const attempt of token.submitAttempts) opened('token', id, 'proxy_sealed', attempt.proxySealed);
    }
    const { valueSealed } = await database.sealedSetting.findUniqueOrThrow({ where: { key: 'proxy.upload' } });
    opened('sealed_setting', 'proxy.upload', 'value_sealed', valueSealed);
    const batch = await database.batch.findUniqueOrThrow({ where: { id: 'batch-1' }, include: { batchRows: true } });
    opened('batch', 'batch-1', 'secret_sealed', batch.secretSealed);
    for (const { n, payloadSealed } of batch.batchRows) {
      expect(opened('batch_row', `batch-1/${n}`, 'payload_sealed', payloadSealed)).toBe(`secret of batch-1/${n}`);
    }
  }, 120_000);
});
