/** A refresh token is good for one use: whether the pool has it, an import brings it or both, its upstream sees it once. */
import type { CredentialView } from '@reelay/contracts/tokens';
import { Vault } from '../credentials/vault.js';
import { importFile, verdictsOf } from '../testing/import-file.js';
import { masterKey, TestStack } from '../testing/test-stack.js';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
});
afterAll(() => stack.close());
beforeEach(() => {
  stack.upstream.failures.clear();
  stack.upstream.sentRefreshTokens.length = 0;
});

/** Of a test that waits for several things on a machine that may be busy. */
const patient = 120_000;
async function pool(name: string): Promise<{ id: string; refreshToken: string }> {
  const account = { email: `${name}@example.com` };
  const refreshToken = `refresh-token-of-${name}`;
  stack.upstream.refreshTokens.set(refreshToken, account);
  const { id } = await stack.add({ accessToken: stack.upstream.mint(account), refreshToken });
  return { id, refreshToken };
}
const complain = (id: string, staleVersion: number) =>
  stack.call<CredentialView>('POST', `/internal/tokens/${id}/credential`, { body: { staleVersion } });
const importBare = (refreshToken: string) => importFile(stack, `${refreshToken}\n`, { mode: 'refresh' });
const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });

it(
  'a bare refresh token that the pool has renews its account, and the pool goes on with the successor',
  async () => {
    const { id, refreshToken } = await pool('pooled');
    expect(await importBare(refreshToken)).toMatchObject({ rows: [{ verdict: 'updated', tokenId: id }] });
    const { credentialVersion } = await rowOf(id);
    expect((await complain(id, credentialVersion)).status).toBe(200);
    expect(stack.upstream.sentRefreshTokens).toHaveLength(2);
    expect(new Set(stack.upstream.sentRefreshTokens).size).toBe(2);
  },
  patient,
);

it(
  'one that the pool has used is not sent by an import',
  async () => {
    const { id, refreshToken } = await pool('used');
    expect((await complain(id, 1)).status).toBe(200);
    expect(verdictsOf(await importBare(refreshToken))).toEqual(['failed']);
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
    expect((await rowOf(id)).state).toBe('active');
  },
  patient,
);

it(
  'one whose outcome is unknown to an import is not sent by the pool',
  async () => {
    const { id, refreshToken } = await pool('unknown');
    stack.upstream.failures.set('/oauth/token', 'hang up');
    expect(verdictsOf(await importBare(refreshToken))).toEqual(['failed']);
    stack.upstream.failures.clear();
    expect((await complain(id, 1)).status).toBe(503);
    expect(await rowOf(id)).toMatchObject({
      state: 'needs_attention',
      stateReason: expect.stringContaining('was sent before'),
    });
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
  },
  patient,
);

it(
  'of the pool and imports that come at the same time one sends it',
  async () => {
    const { id, refreshToken } = await pool('raced');
    stack.upstream.exchangeMs = 30;
    await Promise.all([complain(id, 1), importBare(refreshToken), importBare(refreshToken), complain(id, 1)]);
    stack.upstream.exchangeMs = 0;
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
  },
  patient,
);

it(
  'one that was sent before the master key was changed is known under the new one',
  async () => {
    const { id, refreshToken } = await pool('rotated');
    expect((await complain(id, 1)).status).toBe(200);
    await stack.stop(stack.managers[0]!);
    await stack.start({ masterKey: 'a-new-master-key-of-the-tests-42', oldMasterKeys: [masterKey] });
    expect(verdictsOf(await importBare(refreshToken))).toEqual(['failed']);
    expect(stack.upstream.sentRefreshTokens).toEqual([refreshToken]);
    const [current, earlier] = new Vault('a-new-master-key-of-the-tests-42', [masterKey]).macsOf(refreshToken);
    expect(new Vault(masterKey).macsOf(refreshToken)).toEqual([earlier]);
    expect(current).not.toBe(earlier);
  },
  patient,
);
