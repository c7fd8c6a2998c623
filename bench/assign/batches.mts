/** How long a batch of assignment takes: the slots found, the rows found, all of it written. */
import { randomUUID } from 'node:crypto';
import { assignLane } from '@reelay/db/assign/assign-lane';
import { createDatabase, type Database } from '@reelay/db/client';
import type { Client } from 'pg';
import { addAssigned, apiKeys, type BenchLane, fillPool, lanes, type PoolSize, renewLane } from './pool.mts';

export const batchSize = 50;
const warmUpBatches = 24;
export const measuredBatches = 100;

/** Milliseconds of every measured batch. */
export async function timeBatches(url: string, client: Client, size: PoolSize): Promise<number[]> {
  await fillPool(client, size);
  const database = createDatabase({ url, applicationName: 'bench' });
  try {
    const open = new Map<BenchLane, string[]>();
    for (const lane of lanes) open.set(lane, await addAssigned(client, lane, size.tokens / 4));
    await client.query('VACUUM ANALYZE');
    const times: number[] = [];
    for (let batch = 0; batch < warmUpBatches + measuredBatches; batch += 1) {
      const lane = lanes[batch % lanes.length]!;
      const attempts = open.get(lane)!;
      await renewLane(client, lane, attempts.splice(0, batchSize));
      const begin = performance.now();
      const taken = await assign(database, lane, batchSize);
      if (batch >= warmUpBatches) times.push(performance.now() - begin);
      if (taken.length !== batchSize) throw new Error(`A batch took ${taken.length} rows in place of ${batchSize}.`);
      attempts.push(...taken);
    }
    return times;
  } finally {
    await database.$disconnect();
  }
}

/** One batch; returns the attempts it opened. */
async function assign(database: Database, lane: BenchLane, size: number): Promise<string[]> {
  const one = new AbortController();
  const attempts: string[] = [];
  await assignLane(database, {
    lane,
    slotKind: lane.kind === 'image' ? 'image' : 'video',
    targets: { names: ['sora', 'simulator'], simulated: ['simulator'] },
    ...{ unlimitedSlots: 1_000, slotlessPerToken: 4, batchSize: size },
    newId: randomUUID,
    turns: () => Array.from({ length: apiKeys }, (_, no) => ({ key: `key-${no + 1}`, turn: no })),
    onAssigned: (assignments) => {
      attempts.push(...assignments.map(({ attemptId }) => attemptId));
      one.abort();
    },
    signal: one.signal,
  });
  return attempts;
}
