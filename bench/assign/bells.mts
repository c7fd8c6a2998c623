/** How soon a slot that came back is put to use: a real token-manager, and a worker that only notes when a job reaches it. */

import { consume } from '@reelay/platform/consume';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { closeRedis, createRedis } from '@reelay/platform/redis';
import { createTokenManager } from '@reelay/token-manager/create-token-manager';
import type { Client } from 'pg';
import { findOldestOpen, renewLane } from './pool.mts';

export interface BellOptions {
  databaseUrl: string;
  redisUrl: string;
  client: Client;
}

const warmUpBells = 10;
const measuredBells = 200;

/** Milliseconds from a slot's return to the next job. The pool is what `timeBatches` left. */
export async function timeBells({ databaseUrl, redisUrl, client }: BellOptions): Promise<number[]> {
  const log = createLogger({ app: 'bench', level: 'silent' });
  const redis = createRedis({ url: redisUrl, role: 'producer', log });
  const blocking = createRedis({ url: redisUrl, role: 'worker', log });
  const queues = new Queues({ redis, log });
  let onJob: () => void = () => {};
  let lastJobAt = performance.now();
  const worker = consume(
    'run',
    async () => {
      lastJobAt = performance.now();
      onJob();
      return undefined;
    },
    { redis: blocking, log, concurrency: 16 },
  );
  await worker.ready();
  const manager = await createTokenManager({
    ...{ databaseUrl, redisUrl, log, host: '127.0.0.1', port: 0, version: 'bench', simulatorUrl: 'http://127.0.0.1:9' },
    ...{ masterKey: 'master-key-of-the-bench-0123456789', internalKey: 'internal-key-of-the-bench-0123456' },
  });
  try {
    await idle(() => lastJobAt);
    const times: number[] = [];
    for (let bell = 0; bell < warmUpBells + measuredBells; bell += 1) {
      const { attemptId, lane } = await findOldestOpen(client);
      await renewLane(client, lane, [attemptId]);
      const begin = performance.now();
      const job = new Promise<void>((resolve) => {
        onJob = resolve;
      });
      await queues.enqueue('dispatch', {});
      await job;
      if (bell >= warmUpBells) times.push(performance.now() - begin);
      await idle(() => lastJobAt, 20);
    }
    return times;
  } finally {
    await manager.close();
    await worker.close();
    await queues.close();
    await Promise.all([closeRedis(redis), closeRedis(blocking)]);
  }
}

/** Until no job has come for a while: what the start of the pool gave out is not what is measured. */
async function idle(lastJobAt: () => number, quietMs = 1_500): Promise<void> {
  while (performance.now() - lastJobAt() < quietMs) await new Promise((resolve) => setTimeout(resolve, quietMs / 4));
}
