/** Deletes an account from the pool. What it renders goes on, so its row is only hidden until that is over. */
import { AppError } from '@reelay/contracts/errors';
import { hideToken } from '@reelay/db/tokens/hide-token';
import type { TokenManagerParts } from '../token-manager-parts.js';

/** @throws AppError `not_found` */
export async function removeToken(parts: TokenManagerParts, id: string): Promise<void> {
  if (!(await hideToken(parts.database, id))) throw new AppError('not_found', 'There is no account of this id.');
  parts.log.info({ tokenId: id }, 'account deleted');
  await parts.lanes.refresh();
  await parts.queues.enqueue('dispatch', {});
}
