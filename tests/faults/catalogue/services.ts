/** What happens to the databases, the disk, the clocks, the queue and the upstream. */
import path from 'node:path';
import { createLogger } from '@reelay/platform/logger';
import { Queues } from '@reelay/platform/queues';
import { createRedis } from '@reelay/platform/redis';
import { root } from '../../support/stack.js';
import { scaled } from '../stand/scaled.js';
import { limitFiles } from '../stand/space.js';
import type { Stand } from '../stand/stand.js';
import { type Fault, holdUntilStruck, NotReached, pause, strikePatienceMs } from './fault.js';

const workers = ['worker-1', 'worker-2'] as const;

export const serviceFaults: readonly Fault[] = [
  {
    name: 'Redis: FLUSHALL',
    inject: async (stand) => void (await stand.redis((redis) => redis.flushall())),
  },
  { name: 'Redis: restarted empty', inject: (stand) => stand.servers.order('restart-redis-empty').then(nothing) },
  { name: 'PostgreSQL: restarted fast', inject: (stand) => stand.servers.order('restart-postgres-fast').then(nothing) },
  {
    name: 'PostgreSQL: restarted immediately',
    inject: (stand) => stand.servers.order('restart-postgres-immediate').then(nothing),
  },
  { name: 'PostgreSQL: connections killed in mid-transaction', inject: terminateBackends },
  { name: 'disk full', inject: fillDisk },
  { name: 'every job delivered twice', inject: deliverTwice },
  { name: 'a worker whose clock is 5 min ahead', inject: (stand, holdMs) => shiftClock(stand, 300_000, holdMs) },
  { name: 'a worker whose clock is 5 min behind', inject: (stand, holdMs) => shiftClock(stand, -300_000, holdMs) },
  upstream('reply lost', { kind: 'reply_lost', endpoint: 'create', count: 2 }),
  upstream('reply hangs', { kind: 'reply_hangs', endpoint: 'create', count: 2 }),
  upstream('500 everywhere', { kind: 'server_error', count: 10 }),
  upstream('connection reset everywhere', { kind: 'reset', count: 10 }),
  upstream('429', { kind: 'rate_limited', endpoint: 'create', count: 3, retryAfterSeconds: 1 }),
  upstream('200 that is no JSON', { kind: 'not_json_200', count: 6 }),
  upstream('200 without a body', { kind: 'empty_200', count: 6 }),
  upstream('slow', { kind: 'slow', count: 20, delayMs: 800 }),
  upstream('lists that lag', { kind: 'list_lag', count: 20, lagMs: 1_500 }),
  { name: 'upstream answers: late and lost, while its lists lag', inject: loseWhileListsLag },
  upstream('access tokens expire', { kind: 'token_expired', endpoint: 'create', count: 3 }),
];

const nothing = () => undefined;

function upstream(name: string, rule: object): Fault {
  return {
    name: `upstream answers: ${name}`,
    inject: async (stand, holdMs) => {
      await withRules(stand, [rule], (hasStruck) => holdUntilStruck(holdMs, () => hasStruck(0)));
      return undefined;
    },
  };
}

/** Whether the rule of this index has struck. @throws NotReached when the upstream has forgotten it, dying of another fault */
type HasStruck = (index: number) => Promise<boolean>;

/** Only these rules are taken away again: another fault may have some of its own. */
export async function withRules<Result>(
  stand: Stand,
  rules: object[],
  work: (hasStruck: HasStruck) => Promise<Result>,
): Promise<Result> {
  const faults = await stand.simulator<{ id: string }[]>('faults', rules);
  try {
    return await work(async (index) => {
      const known = await stand.simulator<{ id: string; struck: number }[]>('faults');
      const own = known.find(({ id }) => id === faults[index]?.id);
      if (!own) throw new NotReached('the upstream has forgotten its rule');
      return own.struck > 0;
    });
  } finally {
    for (const { id } of faults) await stand.simulator(`faults/${id}`, undefined, 'DELETE').catch(() => {});
  }
}

/**
 * The worst that the settling time is for: accepted late, the answer lost, and for nearly as long as it lasts on no list. Who gave up
 * sooner would send it again.
 */
async function loseWhileListsLag(stand: Stand, holdMs: number): Promise<undefined> {
  const rules = [
    { kind: 'slow', endpoint: 'create', count: 4, delayMs: 2_000 },
    { kind: 'reply_lost', endpoint: 'create', count: 4 },
    { kind: 'list_lag', lagMs: scaled['reconcile.settleMs'] - 500 },
  ];
  const longestMs = scaled['submit.timeoutMs'] + scaled['reconcile.settleMs'];
  await withRules(stand, rules, (hasStruck) => holdUntilStruck(Math.max(holdMs, longestMs), () => hasStruck(1)));
}

/** Whoever is at work when it is looked, over and over: their commits may or may not have happened. */
async function terminateBackends(stand: Stand, holdMs: number): Promise<undefined> {
  let killed = 0;
  const kill = async () => {
    const rows = await stand.sql(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name ~ '^(reelay|gateway)' AND state IN ('active', 'idle in transaction')`);
    killed += rows.length;
    return killed > 0;
  };
  for (const until = Date.now() + holdMs; Date.now() < until; await pause(30)) await kill();
  await holdUntilStruck(0, kill);
}

async function fillDisk(stand: Stand, holdMs: number): Promise<undefined> {
  const { space } = stand;
  const limit = (bytes: number | undefined) => {
    for (const pid of workers.flatMap((name) => stand.app(name).pid ?? [])) limitFiles(pid, bytes);
  };
  const before = stand.lines.length;
  const hasStruck = () => stand.lines.slice(before).some((line) => failedWrite.test(line));
  if (space) space.fill();
  else limit(10_000);
  try {
    await holdUntilStruck(holdMs, hasStruck);
  } finally {
    if (space) space.empty();
    else limit(undefined);
  }
}

/** What a worker says that could not store a file. */
const failedWrite = /ENOSPC|EFBIG/;

/** The same job twice at once, as after a lost lock: the mark that keeps it single is taken away before it is added again. */
async function deliverTwice(stand: Stand, holdMs: number): Promise<undefined> {
  const log = createLogger({ app: 'fault-test', format: 'json', level: 'silent' });
  const redis = createRedis({ url: stand.servers.redisUrl, role: 'worker', log });
  const queues = new Queues({ redis, log });
  const until = Date.now() + holdMs;
  while (redis.status !== 'ready') await pause(20);
  try {
    for (let delivered = 0; Date.now() < until || delivered === 0; ) {
      const rows = await stand.sql<{ generationId: string; tokenId: string; stage: string }>(`
        SELECT id AS "generationId", token_id AS "tokenId", stage FROM generation
        WHERE state IN ('queued', 'running') AND token_id IS NOT NULL`);
      delivered += rows.length;
      if (Date.now() > until + strikePatienceMs) throw new NotReached('there was nothing to deliver');
      for (const { generationId, tokenId, stage } of rows) {
        const name = stage === 'fetching' ? 'finish' : 'run';
        await redis.del(`reelay:${name}:de:${name}:${generationId}`, `reelay:poll:de:poll:${tokenId}`);
        await queues.enqueue(name, { generationId });
        await queues.enqueue('poll', { tokenId });
      }
      await pause(100);
    }
  } finally {
    await queues.close();
    redis.disconnect();
  }
}

async function shiftClock(stand: Stand, offsetMs: number, holdMs: number): Promise<undefined> {
  const flags = ['--import', path.join(root, 'tools/test/shift-clock.mts')];
  const worker = stand.app('worker-1');
  await worker.replace({ flags, env: { CLOCK_OFFSET_MS: String(offsetMs) } });
  await pause(holdMs);
  worker.startPlain();
  worker.kill();
}
