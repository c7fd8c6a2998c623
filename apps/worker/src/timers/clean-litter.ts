/** Removes what we left upstream, until it is gone, however its generation ended. */
import { type DueLitter, finishLitter, noteLitterError, takeDueLitter } from '@reelay/db/litter/work-off-litter';
import type { Logger } from '@reelay/platform/logger';
import { describeFailure } from '../submit/decide-submit-outcome.js';
import { callContext, openAccount } from '../upstream/account.js';
import type { WorkerParts } from '../worker-parts.js';

const atOnce = 20;

export async function cleanLitter(parts: WorkerParts, log: Logger, signal: AbortSignal): Promise<void> {
  for (const litter of await takeDueLitter(parts.database, atOnce)) {
    if (signal.aborted) return;
    const fields = { litterId: litter.id, tokenId: litter.tokenId, kind: litter.kind };
    try {
      await cleanUp(parts, litter, signal);
      await finishLitter(parts.database, litter.id);
      log.info(fields, 'litter removed upstream');
    } catch (error) {
      const reason = describeFailure(error);
      log.warn({ ...fields, tries: litter.tries, reason }, 'litter not removed yet');
      await noteLitterError(parts.database, litter.id, reason);
    }
  }
}

async function cleanUp(parts: WorkerParts, litter: DueLitter, signal: AbortSignal): Promise<void> {
  const account = await openAccount(parts, litter);
  const purpose = { operation: 'cleanUp', signal, settings: await parts.settings.read() };
  const { kind, reference } = litter;
  await account.provider.cleanUp({ kind, reference }, callContext(parts, account, purpose));
}
