/** A process that dies in mid-refresh leaves its claim and its mark behind; its successors must never send the same refresh token again. */

import { createTargets } from '@reelay/contracts/provider-declarations';
import type { CredentialView } from '@reelay/contracts/tokens';
import { createSettingsReader } from '@reelay/db/settings';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { HttpClient } from '@reelay/platform/http-client';
import { createLogger } from '@reelay/platform/logger';
import { createProviders } from '@reelay/providers/registry';
import { waitFor } from '@reelay/testing/wait-for';
import type { TokenManager } from '../create-token-manager.js';
import { masterKey, TestStack } from '../testing/test-stack.js';
import { Credentials } from './credentials.js';
import { refreshCredential } from './refresh-credential.js';
import type { RefreshParts } from './refresh-outcome.js';
import { Vault } from './vault.js';

let stack: TestStack;
let replicas: TokenManager[];
let parts: RefreshParts;

beforeAll(async () => {
  stack = await TestStack.open();
  replicas = [await stack.start(), await stack.start()];
  parts = {
    ...{ database: stack.database, settings: createSettingsReader(stack.database), vault: new Vault(masterKey) },
    ...{ http: new HttpClient(), providers: createProviders(), targets: createTargets(stack.upstream.url) },
    log: createLogger({ app: 'test', level: 'silent' }),
  };
});
afterAll(async () => {
  await parts.http.close();
  await stack.close();
});
beforeEach(() => {
  stack.upstream.sentRefreshTokens.length = 0;
  stack.upstream.calls.length = 0;
});

/** Of a test that waits for several things on a machine that may be busy. */
const patient = 120_000;
const soon = { timeoutMs: 20_000, intervalMs: 20 };
const rowOf = (id: string) => stack.database.token.findUniqueOrThrow({ where: { id } });

/** All replicas at once, several times each. */
function complain(id: string, staleVersion?: number) {
  const asked = Array.from({ length: 10 }, (_, no) =>
    stack.call<CredentialView>('POST', `/internal/tokens/${id}/credential`, {
      body: { staleVersion },
      manager: replicas[no % 2]!,
    }),
  );
  return Promise.all(asked);
}

/** Resolves once the upstream has answered; what it said is never taken up, and nothing is cleaned up behind. */
async function dieAfterTheCall(id: string): Promise<void> {
  const provider = parts.providers.get('sora')!;
  let isAnswered = false;
  const dying = Object.create(provider) as typeof provider;
  dying.refresh = async (secrets, context) => {
    await provider.refresh(secrets, context).catch(() => undefined);
    isAnswered = true;
    return new Promise<never>(() => {});
  };
  void refreshCredential({ ...parts, providers: new Map([['sora', dying]]) }, { id, version: 1 });
  await waitFor(() => isAnswered, soon);
}

/** The lease of the dead is over. */
const age = (id: string) =>
  stack.database.token.update({ where: { id }, data: { refreshClaimedAt: new Date(Date.now() - 3_600_000) } });

it(
  'between the sending and the storing: served while its access token is good, then out of service, and sent once',
  async () => {
    const account = { email: 'between@example.com' };
    stack.upstream.refreshTokens.set('refresh-of-between', account);
    const { id } = await stack.add({ accessToken: stack.upstream.mint(account), refreshToken: 'refresh-of-between' });
    await dieAfterTheCall(id);
    expect(stack.upstream.sentRefreshTokens).toEqual(['refresh-of-between']);
    expect((await complain(id)).map(({ body }) => body.version)).toEqual(Array(10).fill(1));
    await age(id);
    const past = new Date(Date.now() - 1_000);
    await stack.database.token.update({ where: { id }, data: { refreshDueAt: past } });
    await waitFor(async () => (await rowOf(id)).refreshWarning !== null, soon);
    expect((await complain(id)).map(({ body }) => body.version)).toEqual(Array(10).fill(1));
    await stack.database.token.update({ where: { id }, data: { expiresAt: past } });
    expect((await complain(id)).map(({ status }) => status)).toEqual(Array(10).fill(503));
    expect(await rowOf(id)).toMatchObject({
      state: 'needs_attention',
      stateReason: expect.stringContaining('may be used up'),
    });
    expect(stack.upstream.sentRefreshTokens).toEqual(['refresh-of-between']);
  },
  patient,
);

it(
  'in the session call: the session is asked again, and the refresh token is sent once at most',
  async () => {
    const account = { email: 'session@example.com' };
    stack.upstream.sessionTokens.set('session-of-dead', account);
    stack.upstream.refreshTokens.set('refresh-of-session', account);
    const { id } = await stack.add({
      ...{ accessToken: stack.upstream.mint(account), sessionToken: 'session-of-dead' },
      refreshToken: 'refresh-of-session',
    });
    await dieAfterTheCall(id);
    await age(id);
    stack.upstream.sessionTokens.delete('session-of-dead');
    expect((await complain(id, 1)).map(({ body }) => body.version)).toEqual(Array(10).fill(2));
    expect(stack.upstream.sentRefreshTokens).toEqual(['refresh-of-session']);
  },
  patient,
);

it('while its claim lasts: whoever waits for it takes no turn from other accounts', async () => {
  const account = { email: 'waited-for@example.com' };
  stack.upstream.sessionTokens.set('session-of-waited-for', account);
  const { id } = await stack.add({ accessToken: stack.upstream.mint(account), sessionToken: 'session-of-waited-for' });
  await stack.database.token.update({ where: { id }, data: { refreshClaim: 'dead', refreshClaimedAt: new Date() } });
  const turns = () => stack.database.timer.findUnique({ where: { name: 'refresh.simulator' } });
  const before = await turns();
  const credentials = new Credentials(parts, { onChange: () => undefined });
  const credential = await findCredential(stack.database, id);
  expect(await credentials.renew(credential!)).toEqual({ outcome: 'held' });
  expect(await turns()).toEqual(before);
  await age(id);
  expect(await credentials.renew(credential!)).toEqual({ outcome: 'refreshed' });
});
