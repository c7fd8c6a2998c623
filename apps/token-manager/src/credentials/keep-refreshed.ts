/** Stores what a refresh gave. The old refresh token is gone by then, so this tries for as long as the claim lasts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RefreshedCredential } from '@reelay/contracts/provider';
import { isOutage } from '@reelay/db/outage';
import { type RefreshClaim, type RefreshedSecrets, storeRefreshed } from '@reelay/db/tokens/refresh-claim';
import { crashPoint } from '@reelay/platform/crash-point';
import type { RefreshOutcome, RefreshParts } from './refresh-outcome.js';
import { hintOf } from './vault.js';

const tryForMs = 30_000;
const pauseMs = 250;

export async function keepRefreshed(
  parts: RefreshParts,
  claim: RefreshClaim,
  refreshed: RefreshedCredential,
  sentMacs: readonly string[] | null,
): Promise<RefreshOutcome> {
  crashPoint('refresh.before-store');
  const { id } = claim;
  const secrets: RefreshedSecrets = {
    accessTokenSealed: parts.vault.seal(id, 'access_token_sealed', refreshed.accessToken),
    accessTokenHint: hintOf(refreshed.accessToken),
    expiresAt: refreshed.expiresAt === null ? null : new Date(refreshed.expiresAt),
    refreshTokenSealed: parts.vault.sealOptional(id, 'refresh_token_sealed', refreshed.refreshToken),
    sentMacs,
  };
  const isStored = await storeInTime(parts, claim, secrets);
  if (isStored) parts.log.info({ tokenId: id, version: claim.version + 1 }, 'credential refreshed');
  // Not stored: a person gave the account another credential, or an unheard commit of ours had succeeded. Either is newer.
  return { outcome: 'refreshed' };
}

async function storeInTime(parts: RefreshParts, claim: RefreshClaim, secrets: RefreshedSecrets): Promise<boolean> {
  const deadline = performance.now() + tryForMs;
  for (;;) {
    try {
      return await storeRefreshed(parts.database, claim, secrets);
    } catch (error) {
      if (!isOutage(error) || performance.now() >= deadline) throw error;
      parts.log.warn({ error, tokenId: claim.id }, 'a refreshed credential cannot be stored yet, trying on');
      await delay(pauseMs);
    }
  }
}
