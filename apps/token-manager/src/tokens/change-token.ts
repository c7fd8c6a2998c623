/** A person changes what an account may do and how it is reached. */
import { AppError } from '@reelay/contracts/errors';
import type { ChangeToken, TokenDetails } from '@reelay/contracts/token-details';
import { setTokenFields } from '@reelay/db/batches/set-token-fields';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { showToken } from './show-token.js';

/** All of it or nothing. @throws AppError `not_found` */
export async function changeToken(
  parts: TokenManagerParts,
  id: string,
  { proxyUrl, ...fields }: ChangeToken,
): Promise<TokenDetails> {
  const sealed =
    proxyUrl === undefined ? {} : { proxySealed: parts.vault.sealOptional(id, 'proxy_sealed', proxyUrl ?? undefined) };
  if (!(await setTokenFields(parts.database, id, { ...fields, ...sealed }))) {
    throw new AppError('not_found', 'There is no account of this id.');
  }
  const changed = [...Object.keys(fields), ...(proxyUrl === undefined ? [] : ['proxyUrl'])];
  parts.log.info({ tokenId: id, changed }, 'account changed');
  await parts.lanes.refresh();
  await parts.queues.enqueue('dispatch', {});
  return showToken(parts, id);
}
