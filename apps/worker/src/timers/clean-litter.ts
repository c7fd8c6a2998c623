/** Removes what we left upstream, until it is gone, however its generation ended. It leaves through the proxy of the attempt that left it. */
import { isUpstreamError } from '@reelay/contracts/upstream-error';
import {
  type DueLitter,
  finishLitter,
  giveUpLitter,
  noteLitterError,
  takeDueLitter,
} from '@reelay/db/litter/work-off-litter';
import type { Logger } from '@reelay/platform/logger';
import { describeFailure } from '../submit/decide-submit-outcome.js';
import { callContext, openAccount } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';

const atOnce = 20;

/** All that were taken at once: one that hangs must not keep the others until they are due again and are taken a second time. */
export async function cleanLitter(parts: WorkerParts, log: Logger, signal: AbortSignal): Promise<void> {
  const due = await takeDueLitter(parts.database, atOnce);
  await Promise.all(due.map((litter) => removeOne(parts, litter, log, signal)));
}

async function removeOne(parts: WorkerParts, litter: DueLitter, log: Logger, signal: AbortSignal): Promise<void> {
  const fields = { litterId: litter.id, tokenId: litter.tokenId, kind: litter.kind };
  try {
    await cleanUp(parts, litter, signal);
    await finishLitter(parts.database, litter.id);
    log.info(fields, 'litter removed upstream');
  } catch (error) {
    // What was cut off by the end of this process says nothing about the upstream.
    if (signal.aborted) return;
    const reason = describeFailure(error);
    await noteLitterError(parts.database, litter.id, reason);
    if (litter.tries < (await parts.settings.read())['litter.attempts']) {
      log.warn({ ...fields, tries: litter.tries, reason }, 'litter not removed yet');
    } else {
      await giveUpLitter(parts.database, litter.id);
      log.error(
        { ...fields, tries: litter.tries, reason },
        'litter given up; remove it by hand in the upstream’s own app',
      );
    }
  }
}

async function cleanUp(parts: WorkerParts, litter: DueLitter, signal: AbortSignal): Promise<void> {
  const { tokenId, provider, target, attemptId, routeKey, kind, reference } = litter;
  const route = attemptId !== null && { route: { attemptId, key: routeKey } };
  const account = await openAccount(parts, { tokenId, provider, target, ...route });
  const settings = await parts.settings.read();
  const purpose = { operation: 'cleanUp', signal, settings, ...(attemptId !== null && { attemptId }) };
  try {
    await account.provider.cleanUp({ kind, reference }, callContext(parts, account, purpose));
  } catch (error) {
    if (isUpstreamError(error) && error.tokenEffect.effect === 'credential_rejected') {
      await parts.credentials.renew(tokenId, account.credential.version);
    }
    throw error;
  }
}
