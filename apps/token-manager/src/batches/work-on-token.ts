/** One row of a batch over accounts: the work its kind stands for, done to one of them. */
import type { BatchOptions, TokenBatchKind } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import type { TokenEvent } from '@reelay/contracts/token-life';
import { setTokenFields, type TokenFields } from '@reelay/db/batches/set-token-fields';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { hideToken } from '@reelay/db/tokens/hide-token';
import { findToken } from '@reelay/db/tokens/list-tokens';
import { refreshAccount } from '../credentials/refresh-account.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { testToken } from '../tokens/test-token.js';
import { isRenewable } from './is-renewable.js';
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
      return refresh(parts, tokenId);
    case 'enable':
      return done(tokenId, await happen(parts, tokenId, { type: 'enabled', by: 'operator' }));
    case 'disable':
      return done(tokenId, await happen(parts, tokenId, disabledBy(options.reason)));
    case 'delete':
      return done(tokenId, await hideToken(parts.database, tokenId));
    case 'set_limits':
      return done(tokenId, await setTokenFields(parts.database, tokenId, limitsOf(options)));
    case 'set_proxy': {
      const proxySealed = parts.vault.sealOptional(tokenId, 'proxy_sealed', proxyUrl);
      return done(tokenId, await setTokenFields(parts.database, tokenId, { proxySealed }));
    }
  }
}

function limitsOf({ imageLimit, videoLimit, imageEnabled, videoEnabled, weight }: BatchOptions): TokenFields {
  return { imageLimit, videoLimit, imageEnabled, videoEnabled, weight };
}

/** False when there is no such account. */
async function happen({ database }: TokenManagerParts, tokenId: string, event: TokenEvent): Promise<boolean> {
  const isThere = (await findToken(database, tokenId)) !== undefined;
  return isThere && (await applyTokenEvent(database, tokenId, event)) !== undefined;
}

function disabledBy(reason = 'disabled by an operator'): TokenEvent {
  return { type: 'disabled', by: 'operator', reason };
}

async function refresh(parts: TokenManagerParts, tokenId: string): Promise<RowOutcome> {
  const { refreshed, message } = await refreshAccount(parts, tokenId);
  if (refreshed) return outcome('done', tokenId);
  return { ...outcome('failed', tokenId, message), isPassing: await isRenewable(parts, tokenId) };
}

function done(tokenId: string, isThere: boolean): RowOutcome {
  if (!isThere) throw gone();
  return outcome('done', tokenId);
}

function gone(): AppError {
  return new AppError('not_found', 'There is no account of this id, or it was deleted meanwhile.');
}
