/** An upstream account made ready for calls: provider, target and credential, and the context each call of the port is handed. */
import { randomUUID } from 'node:crypto';
import { AppError } from '@reelay/contracts/errors';
import type { CallContext, Provider, ProviderTarget } from '@reelay/contracts/provider';
import type { Settings } from '@reelay/contracts/settings';
import type { CredentialView } from '@reelay/contracts/tokens';
import type { WorkerParts } from '../worker-parts.js';
import type { AttemptRoute } from './credentials.js';

export interface Account {
  readonly tokenId: string;
  readonly provider: Provider;
  readonly target: ProviderTarget;
  readonly credential: CredentialView;
}

export interface AccountName {
  tokenId: string;
  provider: string;
  target: string;
  /** Of the attempt the calls are about; left out, the proxy the token has now is used. */
  route?: AttemptRoute;
}

/** Undefined where this process has no way to the target (the simulator's URL is not configured) or no adaptor for the provider. */
export function findUpstream(
  parts: WorkerParts,
  name: AccountName,
): { provider: Provider; target: ProviderTarget } | undefined {
  const provider = parts.providers.get(name.provider);
  const target = parts.targets.get(name.target);
  return provider && target ? { provider, target } : undefined;
}

/** @throws AppError `credential_unavailable` */
export async function openAccount(parts: WorkerParts, name: AccountName): Promise<Account> {
  const upstream = findUpstream(parts, name);
  if (!upstream) {
    throw new AppError(
      'credential_unavailable',
      `This worker cannot reach the upstream "${name.target}" of "${name.provider}"; set its URL (SIMULATOR_URL for the simulator).`,
    );
  }
  return { tokenId: name.tokenId, ...upstream, credential: await parts.credentials.get(name.tokenId, name.route) };
}

export interface CallPurpose {
  /** Name of the port's call, for the record. */
  operation: string;
  generationId?: string;
  attemptId?: string;
  signal: AbortSignal;
  settings: Settings;
}

export function callContext(parts: WorkerParts, account: Account, purpose: CallPurpose): CallContext {
  const { tokenId, provider, target, credential } = account;
  const { operation, generationId, attemptId, signal } = purpose;
  const subject = { tokenId, operation, ...(generationId && { generationId }), ...(attemptId && { attemptId }) };
  return {
    fetch: parts.http.createFetch({
      ...(credential.proxyUrl !== null && { proxyUrl: credential.proxyUrl }),
      ...(credential.uploadProxyUrl && { uploadProxyUrl: credential.uploadProxyUrl }),
      signal,
      onCall: (record) => parts.calls.record(subject, record),
    }),
    target,
    credential: { tokenId, accessToken: credential.accessToken, version: credential.version },
    signal,
    now: Date.now,
    random: parts.random,
    uuid: randomUUID,
    solver: parts.solver,
    settings: settingsOf(provider.declaration.id, purpose.settings),
  };
}

/** `sora.draftsPage` is handed to the provider `sora` as `draftsPage`, a switch as 1 or 0. */
function settingsOf(providerId: string, settings: Settings): Record<string, number> {
  const prefix = `${providerId}.`;
  const entries = Object.entries(settings).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), Number(value)]));
}
