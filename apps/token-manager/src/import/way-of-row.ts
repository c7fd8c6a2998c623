/** By which of its tokens a row comes into the pool. */
import type { BatchOptions } from '@reelay/contracts/batches';
import { AppError } from '@reelay/contracts/errors';
import { getUpstream } from '../credentials/account-call.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { missing, type Payload, placeOf } from './account-of-row.js';

export type Way = 'offline' | 'access' | 'session' | 'refresh';

/** @throws AppError `invalid_value` with the sentence that says what the row lacks */
export function wayOf(
  parts: Pick<TokenManagerParts, 'providers' | 'targets'>,
  row: Payload,
  options: BatchOptions,
): Way {
  const { provider } = getUpstream(parts, placeOf(row, options));
  const { accessToken, sessionToken, refreshToken, isConverted } = row;
  const mode = options.mode ?? 'auto';
  if (isConverted === true) return 'access';
  if (mode === 'auto') {
    const expiresAt = accessToken === undefined ? null : provider.identify(accessToken).expiresAt;
    const isLive = accessToken !== undefined && (expiresAt === null || expiresAt > Date.now());
    if (isLive) return 'access';
    if (sessionToken !== undefined) return 'session';
    if (refreshToken !== undefined) return 'refresh';
    throw new AppError(
      'invalid_value',
      'The access token has expired, and the row has neither a session token nor a refresh token to renew it with.',
    );
  }
  if ((mode === 'offline' || mode === 'access') && accessToken === undefined) throw missing('access token', mode);
  if (mode === 'session' && sessionToken === undefined) throw missing('session token', mode);
  if (mode === 'refresh' && refreshToken === undefined) throw missing('refresh token', mode);
  return mode;
}
