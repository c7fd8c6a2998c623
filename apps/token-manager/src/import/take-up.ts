/** What of a row is not part of a credential: switches, and whether an operator had taken the account out of service. */
import type { ImportRow } from '@reelay/contracts/import/import-row';
import { setTokenFields } from '@reelay/db/batches/set-token-fields';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import type { TokenManagerParts } from '../token-manager-parts.js';

/** `isActive: true` does not bring back what an operator disabled here: the file may be older than that decision. */
export async function takeUp(
  { database }: Pick<TokenManagerParts, 'database'>,
  tokenId: string,
  { isActive, imageEnabled, videoEnabled }: ImportRow,
): Promise<void> {
  if (imageEnabled !== undefined || videoEnabled !== undefined) {
    await setTokenFields(database, tokenId, { imageEnabled, videoEnabled });
  }
  if (isActive === false) {
    await applyTokenEvent(database, tokenId, { type: 'disabled', by: 'operator', reason: 'imported as not active' });
  }
}
