/** Renews credentials ahead of their end, in every replica at once, a few at a time and in their turn. */

import type { Settings } from '@reelay/contracts/settings';
import { isOutage } from '@reelay/db/outage';
import {
  claimDueRefresh,
  findUnscheduled,
  postponeRefresh,
  putBackRefresh,
  scheduleRefreshes,
  type Unscheduled,
} from '@reelay/db/tokens/due-refreshes';
import { findCredential, type SealedCredential } from '@reelay/db/tokens/find-credential';
import { refreshDueAt } from '../credentials/refresh-due-at.js';
import { knownTargets, type TokenManagerParts } from '../token-manager-parts.js';

type Parts = Pick<
  TokenManagerParts,
  'database' | 'settings' | 'targets' | 'providers' | 'vault' | 'credentials' | 'log'
>;

const portion = 500;
/** Longer than the turn, both calls and the storing of what they gave; only a dead process is overtaken. */
const leaseMs = 2 * 60_000;

export async function refreshDue(parts: Parts, signal: AbortSignal): Promise<void> {
  const settings = await parts.settings.read();
  while ((await schedule(parts, settings)) === portion && !signal.aborted);
  await Promise.all(Array.from({ length: settings['refresh.concurrency'] }, () => workOff(parts, signal)));
}

/** Returns how many credentials it reckoned with. */
async function schedule(parts: Parts, settings: Settings): Promise<number> {
  const found = await findUnscheduled(parts.database, portion);
  const options = { share: settings['refresh.lifetimePercent'] / 100, jitter: settings['refresh.jitterPercent'] / 100 };
  const due = found.map((credential) => {
    const { id, version, expiresAt } = credential;
    const life = {
      id,
      version,
      issuedAt: issuedAtOf(parts, credential),
      expiresAt: expiresAt.getTime(),
      now: Date.now(),
    };
    return { id, version, at: new Date(refreshDueAt(life, options)) };
  });
  await scheduleRefreshes(parts.database, due);
  return found.length;
}

/** One that no master key opens is reckoned from now; what is wrong with it is said when it is to be renewed. */
function issuedAtOf({ vault, providers }: Parts, { id, provider, accessTokenSealed }: Unscheduled): number | null {
  try {
    const accessToken = vault.open(id, 'access_token_sealed', accessTokenSealed);
    return providers.get(provider)?.identify(accessToken).issuedAt ?? null;
  } catch {
    return null;
  }
}

async function workOff(parts: Parts, signal: AbortSignal): Promise<void> {
  const targets = knownTargets(parts.targets).names;
  while (!signal.aborted) {
    const id = await claimDueRefresh(parts.database, { targets, leaseMs });
    const credential = id === undefined ? undefined : await findCredential(parts.database, id);
    if (id === undefined || (credential && !(await renewAhead(parts, credential)))) return;
  }
}

/** False when no more are to be renewed in this round. */
async function renewAhead({ database, credentials, settings, log }: Parts, credential: SealedCredential) {
  const { id } = credential;
  try {
    const result = await credentials.renew(credential);
    if ('reason' in result) await credentials.settleFailure(credential, result, await isOver(database, credential));
    if (result.outcome === 'busy') await putBackRefresh(database, credential, 0);
    return result.outcome !== 'busy';
  } catch (error) {
    if (isOutage(error)) throw error;
    log.error({ error, tokenId: id }, 'a credential could not be renewed');
    const firstMs = (await settings.read())['refresh.retryMs'];
    await postponeRefresh(database, credential, { firstMs, longestMs: 3_600_000 });
    return true;
  }
}

/** Waiting for its turn it may have come to its end. */
async function isOver(database: Parts['database'], { id, isExpired }: SealedCredential): Promise<boolean> {
  return isExpired || ((await findCredential(database, id))?.isExpired ?? false);
}
