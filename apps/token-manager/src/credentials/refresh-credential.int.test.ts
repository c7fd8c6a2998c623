/** The mark on a refresh token says that it may have been sent: nothing that fails before may leave it. */
import { createTargets } from '@reelay/contracts/provider-declarations';
import { createSettingsReader } from '@reelay/db/settings';
import { HttpClient } from '@reelay/platform/http-client';
import { createLogger } from '@reelay/platform/logger';
import { createProviders } from '@reelay/providers/registry';
import { masterKey, TestStack } from '../testing/test-stack.js';
import { refreshCredential } from './refresh-credential.js';
import type { RefreshParts } from './refresh-outcome.js';
import { Vault } from './vault.js';

let stack: TestStack;
let parts: RefreshParts;
let accounts = 0;

beforeAll(async () => {
  stack = await TestStack.open();
  await stack.start();
  parts = {
    ...{ database: stack.database, settings: createSettingsReader(stack.database), vault: new Vault(masterKey) },
    ...{ http: new HttpClient(), providers: createProviders(), targets: createTargets(stack.upstream.url) },
    log: createLogger({ app: 'test', level: 'trace', format: 'json', write: () => {} }),
  };
});
afterAll(async () => {
  await parts.http.close();
  await stack.close();
});

const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });

async function addAccount(): Promise<string> {
  accounts += 1;
  const account = { email: `person-${accounts}@example.com` };
  const refreshToken = `refresh-of-${account.email}`;
  stack.upstream.refreshTokens.set(refreshToken, account);
  stack.upstream.sentRefreshTokens.length = 0;
  return (await stack.add({ accessToken: stack.upstream.mint(account), refreshToken })).id;
}

/** The parts with a provider whose refresh goes wrong by itself. */
function failing(reach: 'before the request' | 'after the request'): RefreshParts {
  const provider = parts.providers.get('sora');
  if (!provider) throw new Error('The registry has no provider "sora".');
  const broken = Object.create(provider) as typeof provider;
  broken.refresh = async (secrets, context) => {
    if (reach === 'after the request') await provider.refresh(secrets, context);
    throw new TypeError('a mistake of ours');
  };
  return { ...parts, providers: new Map([['sora', broken]]) };
}

async function expectUnsentAndUnmarked(id: string): Promise<void> {
  expect(stack.upstream.sentRefreshTokens).toEqual([]);
  expect(await rowOf(id)).toMatchObject({ refreshTokenUsedAt: null, refreshClaim: null, state: 'active' });
}

it('a refresh token is not marked where there is no way to the upstream', async () => {
  const id = await addAccount();
  const lost = { ...parts, targets: createTargets(undefined) };
  await expect(refreshCredential(lost, { id, version: 1 })).rejects.toThrow('no way to the upstream');
  await expectUnsentAndUnmarked(id);
  expect(await refreshCredential(parts, { id, version: 1 })).toEqual({ outcome: 'refreshed' });
});

it('a refresh token is not marked when a secret beside it does not open', async () => {
  const id = await addAccount();
  await stack.database.token.update({ where: { id }, data: { proxySealed: 'not sealed by us' } });
  await expect(refreshCredential(parts, { id, version: 1 })).rejects.toThrow();
  await expectUnsentAndUnmarked(id);
});

it('a refresh token loses its mark when the provider fails before it sends anything', async () => {
  const id = await addAccount();
  await expect(refreshCredential(failing('before the request'), { id, version: 1 })).rejects.toThrow('mistake of ours');
  await expectUnsentAndUnmarked(id);
});

it('a refresh token keeps its mark when the provider fails after sending it', async () => {
  const id = await addAccount();
  await expect(refreshCredential(failing('after the request'), { id, version: 1 })).rejects.toThrow('mistake of ours');
  expect(stack.upstream.sentRefreshTokens).toHaveLength(1);
  expect((await rowOf(id)).refreshTokenUsedAt).not.toBeNull();
});
