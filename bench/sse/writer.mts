/** Writes what polls hear at an even pace, with the functions of the worker, and notes when each event was committed. */
import { setTimeout as delay } from 'node:timers/promises';
import { writePollOutcomes } from '@reelay/db/attempts/write-poll-outcomes';
import { createDatabase, type Database } from '@reelay/db/client';
import { createLogger } from '@reelay/platform/logger';
import { EventPublisher } from '@reelay/platform/messages';
import { createRedis } from '@reelay/platform/redis';
import { announce } from '@reelay/worker/announce';
import { now, serve } from './child.mts';
import type { Task } from './rows.mts';

export interface WriterQuestions {
  begin: { databaseUrl: string; redisUrl: string; accounts: Task[][] };
  write: { perSecond: number; seconds: number };
}

export interface WriterAnswers {
  begin: undefined;
  write: Written;
}

export interface Written {
  /** One entry an event, in the order of the commits. */
  generationIds: string[];
  seqs: number[];
  /** The moments in which COMMIT was sent and in which it was answered. */
  beforeMs: number[];
  afterMs: number[];
  /** How much later than planned the polls' writing began. */
  lateMs: number[];
}

/** As many polls as a worker has at once, and as many connections. */
const atOnce = 10;
const poolSize = 12;

let database: Database;
let publisher: EventPublisher;
let accounts: Task[][];
let polls = 0;

serve<WriterQuestions, WriterAnswers>({
  begin(details) {
    database = createDatabase({ url: details.databaseUrl, applicationName: 'bench-writer', poolSize });
    const log = createLogger({ app: 'bench', level: 'warn' });
    publisher = new EventPublisher({ redis: createRedis({ url: details.redisUrl, role: 'producer', log }), log });
    accounts = details.accounts;
    return undefined;
  },
  async write({ perSecond, seconds }) {
    const written: Written = { generationIds: [], seqs: [], beforeMs: [], afterMs: [], lateMs: [] };
    const tasksEach = accounts[0]?.length ?? 0;
    const everyMs = (1000 * tasksEach) / perSecond;
    const count = Math.round((1000 * seconds) / everyMs);
    const underway = new Set<Promise<void>>();
    const begin = now();
    for (let no = 0; no < count; no += 1) {
      const dueAt = begin + no * everyMs;
      if (dueAt > now()) await delay(dueAt - now());
      while (underway.size >= atOnce) await Promise.race(underway);
      written.lateMs.push(now() - dueAt);
      const poll = writeOne(written).finally(() => underway.delete(poll));
      underway.add(poll);
    }
    await Promise.all(underway);
    return written;
  },
});

async function writeOne(written: Written): Promise<void> {
  const progress = 1 + Math.floor(polls / accounts.length);
  const tasks = accounts[polls % accounts.length] ?? [];
  polls += 1;
  let beforeMs = 0;
  const pending = tasks.map(({ attemptId }) => ({ attemptId, progress }));
  const progressed = tasks.map((task) => ({ ...task, stage: 'rendering' as const, progress }));
  const { events } = await writePollOutcomes(database, { pending, progressed, done: [], next: [], refused: [] }, () => {
    beforeMs = now();
  });
  const afterMs = now();
  await announce({ publisher }, events);
  for (const { generationId, event } of events) {
    written.generationIds.push(generationId);
    written.seqs.push(event.seq);
    written.beforeMs.push(beforeMs);
    written.afterMs.push(afterMs);
  }
}
