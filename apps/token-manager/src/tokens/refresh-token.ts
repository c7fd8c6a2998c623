/** A person wants an account's credential renewed now. Its access token stays good if that does not work. */
import { AppError } from '@reelay/contracts/errors';
import type { RefreshedToken } from '@reelay/contracts/token-details';
import { findToken } from '@reelay/db/tokens/list-tokens';
import { refreshAccount } from '../credentials/refresh-account.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { showToken } from './show-token.js';

/** @throws AppError `not_found` */
export async function refreshToken(parts: TokenManagerParts, id: string): Promise<RefreshedToken> {
  if (!(await findToken(parts.database, id))) throw new AppError('not_found', 'There is no account of this id.');
  const { refreshed, message } = await refreshAccount(parts, id);
  parts.log.info({ tokenId: id, refreshed }, 'credential renewed on demand');
  await parts.lanes.refresh();
  await parts.queues.enqueue('dispatch', {});
  return { refreshed, message: message ?? 'The account has a new access token.', token: await showToken(parts, id) };
}
