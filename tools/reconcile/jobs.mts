import type { JobPayload, QueueName } from '@reelay/contracts/jobs';
import type { Database } from '@reelay/db/client';
import { findMissingJobs } from '@reelay/db/repair/find-missing-jobs';
import type { Queues } from '@reelay/platform/queues';

interface Jobs<Name extends QueueName> {
  wanted: number;
  missing: JobPayload<Name>[];
}

export interface FoundJobs {
  run: Jobs<'run'>;
  poll: Jobs<'poll'>;
  finish: Jobs<'finish'>;
  isWaiting: boolean;
}

export async function findJobs(database: Database, queues: Queues): Promise<FoundJobs> {
  const { run, poll, finish, isWaiting } = await findMissingJobs(database);
  const look = async <Name extends QueueName>(name: Name, wanted: JobPayload<Name>[]): Promise<Jobs<Name>> => ({
    wanted: wanted.length,
    missing: await queues.findWithoutJob(name, wanted),
  });
  return {
    run: await look(
      'run',
      run.map((generationId) => ({ generationId })),
    ),
    poll: await look(
      'poll',
      poll.map((tokenId) => ({ tokenId })),
    ),
    finish: await look(
      'finish',
      finish.map((generationId) => ({ generationId })),
    ),
    isWaiting,
  };
}

/** False when Redis did not take all of them. Whatever has been made meanwhile is dropped by deduplication. */
export async function ringJobs(queues: Queues, { run, poll, finish, isWaiting }: FoundJobs): Promise<boolean> {
  const taken = [
    await queues.enqueueMany('run', run.missing),
    await queues.enqueueMany('poll', poll.missing),
    await queues.enqueueMany('finish', finish.missing),
    !isWaiting || (await queues.enqueue('dispatch', {})),
  ];
  return taken.every(Boolean);
}
