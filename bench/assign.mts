// `npm run bench:assign`: how long assignment takes a batch of rows, in a small pool and in a large one, and how soon after a slot came
// back the next row's job is with a worker. In databases of its own, which are gone afterwards.
import { rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../tools/infra/postgres.mts';
import { startRedis } from '../tools/infra/redis.mts';
import { temporaryFolder } from '../tools/infra/temporary-folder.mts';
import { buildAll } from '../tools/launcher/build.mts';
import { migrate } from '../tools/migrate.mts';
import { percentile } from './percentile.mts';
import { table } from './table.mts';

const small = { tokens: 200, waiting: 2_000 };
const large = { tokens: 10_000, waiting: 100_000 };
const goals = { batchMs: 20, ratio: 2, workerMs: 200 };

await buildAll({ env: process.env, signal: new AbortController().signal });
const folder = temporaryFolder();
const stops: (() => Promise<void>)[] = [];
try {
  process.exitCode = await bench();
} finally {
  await Promise.all(stops.map((stop) => stop()));
  rmSync(folder, { recursive: true, force: true });
}

async function bench(): Promise<number> {
  // Only now is there something to import.
  const { batchSize, measuredBatches, timeBatches } = await import('./assign/batches.mts');
  const { timeBells } = await import('./assign/bells.mts');
  const load = os.loadavg()[0]!.toFixed(1);
  const machine = `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, ${process.platform}-${process.arch}`;
  console.log(`${machine}, Node ${process.version}, load before the first batch ${load}`);
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: true });
  stops.push(postgres.stop);
  const redis = await startRedis({ dataDir: path.join(folder, 'redis'), durable: false });
  stops.push(redis.stop);
  const url = postgres.databaseUrl('bench');
  await migrate(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  // Measured twice and in turn, so that whatever else the machine does hits both alike.
  const times = { small: [] as number[], large: [] as number[] };
  const bells: number[] = [];
  try {
    for (let round = 0; round < 2; round += 1) {
      times.small.push(...(await timeBatches(url, client, small)));
      if (round === 0) bells.push(...(await timeBells({ databaseUrl: url, redisUrl: redis.url, client })));
      times.large.push(...(await timeBatches(url, client, large)));
    }
  } finally {
    await client.end();
  }

  const ratio = percentile(times.large, 95) / percentile(times.small, 95);
  const named = ({ tokens, waiting }: typeof small) =>
    `${tokens.toLocaleString('en-US')} tokens, ${waiting.toLocaleString('en-US')} rows in 8 lanes`;
  const rows = [
    [named(small), ...shown(times.small), `${goals.batchMs} ms`, verdict(percentile(times.small, 95) <= goals.batchMs)],
    [named(large), ...shown(times.large), '', ''],
    ['the second over the first', '', ratio.toFixed(2), `${goals.ratio}`, verdict(ratio <= goals.ratio)],
    [
      'slot free to job with a worker',
      ...shown(bells),
      `${goals.workerMs} ms`,
      verdict(percentile(bells, 95) <= goals.workerMs),
    ],
  ];
  console.log(`\n${table(['', 'p50', 'p95', 'goal for p95', ''], rows)}`);
  console.log(
    `\nMethod: a batch is ${batchSize} rows of one lane, from the question for free slots to the commit, by assignLane over Prisma; the eight
lanes take turns, and before each batch the oldest ${batchSize} of its lane end and ${batchSize} new ones come to wait, not counted. ${2 * measuredBatches} warm
batches a size, half of them in each of two rounds. Half of the slots are in use. Half of the accounts' quotas are known, those of
every twentieth are less than its slots; every twentieth row excludes an account. Waiting rows are of ten API keys.
Slot to worker: in the small pool, all slots taken, one attempt is closed; from the commit's answer until the run job of the row that
takes its place reaches a consumer, with a token-manager in this process. PostgreSQL writes durably; an assignment does not wait for it,
what builds on it does. Load after the last batch ${os.loadavg()[0]!.toFixed(1)}.`,
  );
  return rows.some((row) => row.at(-1) === 'MISSED') ? 1 : 0;
}

function shown(times: number[]): string[] {
  return [`${percentile(times, 50).toFixed(1)} ms`, `${percentile(times, 95).toFixed(1)} ms`];
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
