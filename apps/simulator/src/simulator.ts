import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AccountBook } from './accounts/account-book.js';
import type { Clock } from './clock.js';
import { FaultBoard } from './faults/fault-board.js';
import { createServer } from './http/server.js';
import { type Journal, type JournalRecord, openJournal } from './journal/journal.js';
import { CallCounts } from './ledger/call-counts.js';
import { VideoShelf } from './media/video-shelf.js';
import { SeededSource } from './seeded-source.js';
import { SentinelDesk } from './sentinel/sentinel-desk.js';
import { defaultSpeed } from './tasks/speed.js';
import { TaskBook, type TaskLimits } from './tasks/task-book.js';
import type { Log, World } from './world.js';

export interface SimulatorOptions {
  readonly log: Log;
  readonly renderMs: number;
  /** Without one, every run is different. */
  readonly seed?: string | undefined;
  /** Where the journal is kept; without it nothing survives the process. */
  readonly stateFolder?: string | undefined;
  readonly now?: Clock;
  readonly limits?: TaskLimits;
}

export interface Simulator {
  readonly server: FastifyInstance;
  close(): Promise<void>;
}

/** The journal is written anew after so many records, so that it does not grow for ever. */
const RECORDS_BETWEEN_REWRITES = 50_000;

/** Wires one simulator together and brings back what its journal knows. It does not listen yet. */
export function createSimulator(options: SimulatorOptions): Simulator {
  const { log, now = Date.now } = options;
  const { journal, records } = openJournal(options.stateFolder);
  const source = new SeededSource(options.seed ?? randomBytes(16).toString('hex'));
  const speed = defaultSpeed(options.renderMs);
  const world: World = {
    now,
    log,
    source,
    speed,
    accounts: new AccountBook(now, source, journal),
    sentinel: new SentinelDesk(now, source, () => world.speed),
    tasks: new TaskBook(
      tidying(journal, () => snapshot(world)),
      options.limits,
    ),
    faults: new FaultBoard(source),
    calls: new CallCounts(),
    shelf: new VideoShelf(),
    reset() {
      for (const part of [world.accounts, world.sentinel, world.tasks, world.calls, world.shelf]) part.reset();
      world.faults.remove();
      world.speed = speed;
      journal.rewrite(snapshot(world));
    },
  };
  for (const record of records) restore(world, record);
  journal.rewrite(snapshot(world));
  const server = createServer(world);
  return {
    server,
    async close() {
      await server.close();
      journal.close();
    },
  };
}

function restore({ accounts, tasks }: World, record: JournalRecord): void {
  if (record.type === 'account') accounts.restore(record.account);
  else tasks.restore(record.task);
}

function* snapshot({ accounts, tasks }: World): Generator<JournalRecord> {
  for (const account of accounts.all()) yield { type: 'account', account };
  for (const task of tasks.kept()) yield { type: 'task', task };
}

/** A journal that rewrites itself now and then with what is still of interest. */
function tidying(journal: Journal, snapshotNow: () => Iterable<JournalRecord>): Journal {
  return {
    get appended() {
      return journal.appended;
    },
    append(record) {
      // Before the append: the snapshot does not hold the new record yet.
      if (journal.appended >= RECORDS_BETWEEN_REWRITES) journal.rewrite(snapshotNow());
      journal.append(record);
    },
    rewrite: (all) => journal.rewrite(all),
    close: () => journal.close(),
  };
}
