/** Whether a credential that could not be renewed may be renewed later without a person. */
import { findTokenDetails } from '@reelay/db/tokens/find-token-details';
import type { TokenManagerParts } from '../token-manager-parts.js';

export async function isRenewable(
  { database }: Pick<TokenManagerParts, 'database'>,
  tokenId: string,
): Promise<boolean> {
  const found = await findTokenDetails(database, tokenId);
  if (!found) return false;
  const { details, isRefreshTokenUsed, refreshWarning } = found;
  const { state, hasSessionToken, hasRefreshToken } = details;
  const isLeft = hasSessionToken || (hasRefreshToken && !isRefreshTokenUsed);
  return isLeft && refreshWarning === null && state !== 'needs_attention';
}
