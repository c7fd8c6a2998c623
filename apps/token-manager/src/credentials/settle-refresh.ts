/** What becomes of an account whose credential could not be renewed: it depends on whether its access token is still good. */
import { slotKinds } from '@reelay/contracts/domain';
import { cutText, toStorableText } from '@reelay/contracts/storable-text';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import { postponeRefresh, warnOfEnd } from '@reelay/db/tokens/due-refreshes';
import type { FailedRefresh, RefreshParts } from './refresh-outcome.js';

const longestPauseMs = 3_600_000;

export interface FailedCredential {
  id: string;
  version: number;
  /** The access token has expired, or the upstream refused it. */
  isOver: boolean;
}

export async function settleRefresh(
  { database, settings, log }: Pick<RefreshParts, 'database' | 'settings' | 'log'>,
  { id, version, isOver }: FailedCredential,
  { outcome, reason: said }: FailedRefresh,
): Promise<void> {
  const reason = cutText(toStorableText(said).replace(/\s+/g, ' '), 300);
  if (outcome === 'failed') {
    const firstMs = (await settings.read())['refresh.retryMs'];
    await postponeRefresh(database, { id, version }, { firstMs, longestMs: Math.max(firstMs, longestPauseMs) });
    // It would take work and give it back again and again; others go first meanwhile.
    if (isOver) await applyTokenEvent(database, id, { type: 'held_off', slotKinds, reason });
    log.warn(
      { tokenId: id, reason },
      isOver ? 'credential not refreshed, the account rests' : 'credential not refreshed',
    );
    return;
  }
  if (!isOver) {
    const isFirst = await warnOfEnd(database, { id, version }, reason);
    if (isFirst) log.warn({ tokenId: id, reason }, 'the account works until its access token ends');
    return;
  }
  // Only of the credential that was found unusable; a person's own decision stands.
  const event = { type: 'credential_rejected', reason } as const;
  const applied = await applyTokenEvent(database, id, event, { credentialVersion: version });
  if (applied?.isChanged && applied.life.service.state === 'needs_attention')
    log.warn({ tokenId: id, reason }, 'account needs attention');
}
