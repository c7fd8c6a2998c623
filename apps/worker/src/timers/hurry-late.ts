/** Jobs that wait by a clock that was ahead, of a process that may be gone: nobody else would look before that time has really come. */
import type { Settings } from '@reelay/contracts/settings';
import type { MissingJobs } from '@reelay/db/repair/find-missing-jobs';
import type { Logger } from '@reelay/platform/logger';
import { longestSubmitMs } from '../submit/longest-submit.js';
import type { WorkerParts } from '../worker-parts.js';

/** Beyond the longest pause that one of these jobs makes: clocks that differ by less do little harm. */
const marginMs = 60_000;

export async function hurryLate(
  { queues, settings }: Pick<WorkerParts, 'queues' | 'settings'>,
  { run, poll, finish }: Pick<MissingJobs, 'run' | 'poll' | 'finish'>,
  log: Logger,
): Promise<void> {
  const longestMs = longestPauseMs(await settings.read()) + marginMs;
  const generations = (ids: readonly string[]) => ids.map((generationId) => ({ generationId }));
  const hurried =
    (await queues.bringForwardLate('run', generations(run), longestMs)) +
    (await queues.bringForwardLate('finish', generations(finish), longestMs)) +
    (await queues.bringForwardLate(
      'poll',
      poll.map((tokenId) => ({ tokenId })),
      longestMs,
    ));
  if (hurried > 0) log.warn({ hurried }, 'jobs were put off by a clock that is ahead, brought forward');
}

function longestPauseMs(settings: Settings): number {
  return Math.max(settings['poll.maximumMs'], 20 * settings['finish.retryMs'], longestSubmitMs(settings));
}
