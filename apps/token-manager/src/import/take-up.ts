/** What of a row is not part of a credential: switches, weight, and whether somebody had taken the account out of service. */
import type { ImportRow } from '@reelay/contracts/import/import-row';
import { setTokenFields } from '@reelay/db/batches/set-token-fields';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import type { TokenManagerParts } from '../token-manager-parts.js';

/** `isActive: true` does not bring back what an operator disabled here: the file may be older than that decision. */
export async function takeUp(
  { database }: Pick<TokenManagerParts, 'database'>,
  tokenId: string,
  { isActive, imageEnabled, videoEnabled, weight, usedByPeople, disabledBy, disabledReason }: ImportRow,
): Promise<void> {
  const fields = { imageEnabled, videoEnabled, weight, usedByPeople };
  if (Object.values(fields).some((value) => value !== undefined)) await setTokenFields(database, tokenId, fields);
  if (isActive === false) {
    await applyTokenEvent(database, tokenId, {
      ...{ type: 'disabled', by: disabledBy ?? 'operator', reason: disabledReason ?? 'imported as not active' },
    });
  }
}
