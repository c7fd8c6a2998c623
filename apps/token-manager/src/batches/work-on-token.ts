/** One row of a batch over accounts: the work its kind stands for, done to one of them. */
import type { BatchOptions, TokenBatchKind } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import type { TokenEvent } from '@reelay/contracts/token-life';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { setTokenFields, setTokenProxy } from '@reelay/db/batches/set-token-fields';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { findCredential } from '@reelay/db/tokens/find-credential';
import { hideToken } from '@reelay/db/tokens/hide-token';
import { findToken } from '@reelay/db/tokens/list-tokens';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { inspectToken } from '../tokens/inspect-token.js';
import { outcome, type RowOutcome } from './row-outcome.js';

export interface TokenWork {
  kind: TokenBatchKind;
  options: BatchOptions;
  /** Of `set_proxy`; undefined removes. */
  proxyUrl: string | undefined;
}

/** @throws AppError, UpstreamError */
export async function workOnToken(
  parts: TokenManagerParts,
  tokenId: string,
  { kind, options, proxyUrl }: TokenWork,
): Promise<RowOutcome> {
  switch (kind) {
    case 'test':
      return outcome('done', tokenId, await testToken(parts, tokenId));
    case 'refresh':
      await refreshToken(parts, tokenId);
      return outcome('done', tokenId);
    case 'enable':
      return done(tokenId, await happen(parts, tokenId, { type: 'enabled', by: 'operator' }));
    case 'disable':
      return done(tokenId, await happen(parts, tokenId, disabledBy(options.reason)));
    case 'delete':
      return done(tokenId, await hideToken(parts.database, tokenId));
    case 'set_limits':
      return done(tokenId, await setTokenFields(parts.database, tokenId, options));
    case 'set_proxy': {
      const sealed = parts.vault.sealOptional(tokenId, 'proxy_sealed', proxyUrl);
      return done(tokenId, await setTokenProxy(parts.database, tokenId, sealed));
    }
  }
}

/** False when there is no such account. */
async function happen({ database }: TokenManagerParts, tokenId: string, event: TokenEvent): Promise<boolean> {
  const isThere = (await findToken(database, tokenId)) !== undefined;
  return isThere && (await applyTokenEvent(database, tokenId, event)) !== undefined;
}

function disabledBy(reason = 'disabled by an operator'): TokenEvent {
  return { type: 'disabled', by: 'operator', reason };
}

/** A refused access token is replaced once, where there is something to replace it with. */
async function testToken(parts: TokenManagerParts, tokenId: string): Promise<string> {
  const { version } = await getCredential(parts, tokenId);
  const inspection = await inspectToken(parts, tokenId).catch((error: unknown) => {
    if (!isUpstreamError(error) || error.tokenEffect.effect !== 'credential_rejected') throw error;
    return inspectToken(parts, tokenId, version);
  });
  if (!inspection) throw gone();
  const { plan, sora2, remaining } = inspection;
  const videos = remaining === null ? 'unknown' : String(remaining);
  const sora = sora2 === null ? 'unknown' : sora2 ? 'yes' : 'no';
  return `The account works: plan ${plan ?? 'unknown'}, Sora 2 ${sora}, videos left ${videos}.`;
}

async function refreshToken(parts: TokenManagerParts, tokenId: string): Promise<void> {
  const { version } = await getCredential(parts, tokenId);
  await parts.credentials.get(tokenId, { staleVersion: version });
}

async function getCredential(parts: TokenManagerParts, tokenId: string): Promise<{ version: number }> {
  const credential = await findCredential(parts.database, tokenId);
  if (!credential) throw gone();
  return credential;
}

function done(tokenId: string, isThere: boolean): RowOutcome {
  if (!isThere) throw gone();
  return outcome('done', tokenId);
}

function gone(): AppError {
  return new AppError('not_found', 'There is no account of this id, or it was deleted meanwhile.');
}
