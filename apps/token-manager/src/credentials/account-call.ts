/** A call to the upstream about an account itself: its context, and the record that is kept of it. */
import { randomUUID } from 'node:crypto';
import { AppError } from '@reelay/contracts/errors';
import type { AccountContext, Provider, ProviderTarget } from '@reelay/contracts/provider';
import type { Settings } from '@reelay/contracts/settings';
import { insertCalls } from '@reelay/db/upstream-calls/insert-calls';
import type { CallRecord } from '@reelay/platform/call-record';
import type { TokenManagerParts } from '../token-manager-parts.js';

export interface AccountCall {
  tokenId: string;
  provider: string;
  target: string;
  accessToken: string;
  version: number;
  proxyUrl: string | undefined;
  /** What is sent beside the access token, so that an answer which repeats it is not written down as it came. */
  secrets?: readonly (string | undefined)[];
  /** Name of the port's call, for the record. */
  operation: 'inspect' | 'refresh';
  timeoutMs: number;
}

export interface AccountAccess {
  provider: Provider;
  context: AccountContext;
}

type CallParts = Pick<TokenManagerParts, 'database' | 'settings' | 'http' | 'providers' | 'targets' | 'log'>;

/** @throws AppError `invalid_value` where this process has no way to the target */
export async function openAccount(parts: CallParts, call: AccountCall): Promise<AccountAccess> {
  const { provider, target } = getUpstream(parts, call);
  const signal = AbortSignal.timeout(call.timeoutMs);
  const proxy = call.proxyUrl === undefined ? {} : { proxyUrl: call.proxyUrl };
  const context: AccountContext = {
    fetch: parts.http.createFetch({ ...proxy, signal, onCall: (record) => keepRecord(parts, call, record) }),
    target,
    credential: { tokenId: call.tokenId, accessToken: call.accessToken, version: call.version },
    signal,
    now: Date.now,
    random: Math.random,
    uuid: randomUUID,
    settings: settingsOf(call.provider, await parts.settings.read()),
  };
  return { provider, context };
}

export function getUpstream(
  parts: Pick<TokenManagerParts, 'providers' | 'targets'>,
  name: { provider: string; target: string },
): { provider: Provider; target: ProviderTarget } {
  const provider = parts.providers.get(name.provider);
  const target = parts.targets.get(name.target);
  if (provider && target) return { provider, target };
  throw new AppError(
    'invalid_value',
    `This installation has no way to the upstream "${name.target}" of "${name.provider}". Set SIMULATOR_URL for the simulator.`,
    { param: 'target' },
  );
}

/** `sora.draftsPage` is handed to the provider `sora` as `draftsPage`, a switch as 1 or 0. */
function settingsOf(providerId: string, settings: Settings): Record<string, number> {
  const prefix = `${providerId}.`;
  const own = Object.entries(settings).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), Number(value)]));
}

/** Kept for people who look; best effort, never waited for. */
function keepRecord(parts: CallParts, call: AccountCall, record: CallRecord): void {
  const { tokenId, operation } = call;
  const { method, url, durationMs, startedAt, status, error } = record;
  const row = {
    ...{ tokenId, operation, method, url, durationMs, createdAt: startedAt },
    request: hide(call, JSON.stringify({ headers: record.requestHeaders, body: record.requestBody })),
    ...(status !== undefined && {
      status,
      response: hide(call, JSON.stringify({ headers: record.responseHeaders, body: record.responseBody })),
    }),
    ...(error !== undefined && { error: hide(call, error) }),
  };
  insertCalls(parts.database, [row]).catch((failure: unknown) => {
    parts.log.debug({ error: failure, tokenId }, 'upstream call not recorded');
  });
}

function hide({ accessToken, secrets = [] }: AccountCall, text: string): string {
  // Too short a word stands for much else.
  const known = [accessToken, ...secrets].filter((secret): secret is string => (secret?.length ?? 0) >= 6);
  return known.reduce((clean, secret) => clean.replaceAll(secret, '[hidden]'), text);
}
