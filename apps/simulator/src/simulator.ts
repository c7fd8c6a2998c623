import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AccountBook } from './accounts/account-book.js';
import { CharacterBook } from './characters/character-book.js';
import type { Clock } from './clock.js';
import { FaultBoard } from './faults/fault-board.js';
import { createServer } from './http/server.js';
import { type Journal, type JournalRecord, openJournal } from './journal/journal.js';
import { completeRecord } from './journal/older-records.js';
import { RecordBook } from './journal/record-book.js';
import { CallLog } from './ledger/call-log.js';
import { MediaShelf } from './media/media-shelf.js';
import type { Post } from './posts/post.js';
import type { Enhancement } from './prompts/enhancement.js';
import { SeededSource } from './seeded-source.js';
import { SentinelDesk } from './sentinel/sentinel-desk.js';
import { defaultSpeed } from './tasks/speed.js';
import { TaskBook, type TaskLimits } from './tasks/task-book.js';
import type { Upload } from './uploads/upload.js';
import type { Log, World } from './world.js';

export interface SimulatorOptions {
  readonly log: Log;
  readonly renderMs: number;
  /** Without one, every run is different. */
  readonly seed?: string | undefined;
  /** Where the journal is kept; without it nothing survives the process. */
  readonly stateFolder?: string | undefined;
  readonly now?: Clock;
  /** Records of each sort, the latest: submits, calls, uploads and so on. What is older counts, but is not told one by one. */
  readonly remembered?: number;
}

export interface Simulator {
  readonly server: FastifyInstance;
  close(): Promise<void>;
}

/** With all that belongs to one, some kilobytes of memory each. */
export const defaultRemembered = 20_000;

/** The journal is written anew after so many records, so that it does not grow for ever. */
const RECORDS_BETWEEN_REWRITES = 50_000;

/** Wires one simulator together and brings back what its journal knows. It does not listen yet. */
export function createSimulator(options: SimulatorOptions): Simulator {
  const { log, now = Date.now, remembered = defaultRemembered } = options;
  const { journal, records } = openJournal(options.stateFolder);
  const source = new SeededSource(options.seed ?? randomBytes(16).toString('hex'));
  const speed = defaultSpeed(options.renderMs);
  const tidyJournal = tidying(journal, () => snapshot(world));
  const world: World = {
    now,
    log,
    source,
    speed,
    accounts: new AccountBook(now, source, tidyJournal),
    sentinel: new SentinelDesk(now, source, { speed: () => world.speed, keptMost: remembered }),
    tasks: new TaskBook(tidyJournal, limitsOf(remembered)),
    uploads: new RecordBook<Upload>((upload) => tidyJournal.append({ type: 'upload', upload }), remembered),
    characters: new CharacterBook((character) => tidyJournal.append({ type: 'character', character }), remembered),
    posts: new RecordBook<Post>((post) => tidyJournal.append({ type: 'post', post }), remembered),
    enhancements: new RecordBook<Enhancement>((enhancement) => {
      tidyJournal.append({ type: 'enhancement', enhancement });
    }, remembered),
    faults: new FaultBoard(source),
    calls: new CallLog(now, remembered),
    shelf: new MediaShelf(),
    reset() {
      const { accounts, sentinel, tasks, uploads, characters, posts, enhancements, calls, shelf } = world;
      for (const part of [accounts, sentinel, tasks, uploads, characters, posts, enhancements, calls, shelf]) {
        part.reset();
      }
      world.faults.remove();
      world.speed = speed;
      journal.rewrite(snapshot(world));
    },
  };
  for (const record of records) restore(world, completeRecord(record));
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

/** A draft or an image takes its time to be looked at: an account's list need not reach back as far as the ledger. */
function limitsOf(remembered: number): TaskLimits {
  return { finishedPerAccount: Math.min(remembered, 2_000), inLedger: remembered };
}

function restore(world: World, record: JournalRecord): void {
  switch (record.type) {
    case 'account':
      world.accounts.restore(record.account);
      break;
    case 'task':
      world.tasks.restore(record.task);
      break;
    case 'upload':
      world.uploads.restore(record.upload);
      break;
    case 'post':
      world.posts.restore(record.post);
      break;
    case 'character':
      world.characters.restore(record.character);
      break;
    case 'enhancement':
      world.enhancements.restore(record.enhancement);
      break;
  }
}

function* snapshot(world: World): Generator<JournalRecord> {
  for (const account of world.accounts.all()) yield { type: 'account', account };
  for (const task of world.tasks.kept()) yield { type: 'task', task };
  for (const upload of world.uploads.all()) yield { type: 'upload', upload };
  for (const post of world.posts.all()) yield { type: 'post', post };
  for (const character of world.characters.all()) yield { type: 'character', character };
  for (const enhancement of world.enhancements.all()) yield { type: 'enhancement', enhancement };
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
