/** After a round of polling in which something failed: nothing is lost by it, and only what is the account's own fault is held against it. */
import type { Settings } from '@reelay/contracts/settings';
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import { applyTokenEvent } from '@reelay/db/tokens/apply-token-event';
import type { JobContext, JobResult } from '@reelay/platform/consume';
import { describeFailure } from '../submit/decide-submit-outcome.js';
import type { Account } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';
import { failurePauseMs } from './failure-counts.js';
import type { RoundFailure } from './poll-acked.js';

export interface FailedRound {
  tokenId: string;
  settings: Settings;
  failures: readonly (RoundFailure & { account: Account | undefined })[];
}

export async function putOff(parts: WorkerParts, failed: FailedRound, { log }: JobContext): Promise<JobResult> {
  const { tokenId, failures, settings } = failed;
  const count = parts.pollFailures.add(tokenId);
  const bounds = { minimumMs: settings['poll.minimumMs'], maximumMs: settings['poll.maximumMs'] };
  const againInMs = failurePauseMs(count, { ...bounds, random: parts.random });
  for (const { error, slotKinds, account } of failures) {
    const reason = describeFailure(error);
    log.warn({ tokenId, reason, failures: count, againInMs }, 'round of polling failed');
    if (!isUpstreamError(error)) {
      log.debug({ error }, 'what failed');
    } else if (error.tokenEffect.effect === 'credential_rejected' && account) {
      await renewCredential(parts, account, log);
    } else if (error.tokenEffect.effect === 'cool_down' && error.fault === 'token') {
      const { retryAfterMs } = error.tokenEffect;
      await applyTokenEvent(parts.database, tokenId, { type: 'fault', slotKinds, reason, rests: true, retryAfterMs });
    }
  }
  return { againInMs };
}

async function renewCredential(parts: WorkerParts, account: Account, log: JobContext['log']): Promise<void> {
  try {
    await parts.credentials.renew(account.tokenId, account.credential.version);
  } catch (error) {
    log.warn({ tokenId: account.tokenId, reason: describeFailure(error) }, 'credential not renewed');
  }
}
