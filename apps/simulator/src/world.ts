import type { AccountBook } from './accounts/account-book.js';
import type { CharacterBook } from './characters/character-book.js';
import type { Clock } from './clock.js';
import type { FaultBoard } from './faults/fault-board.js';
import type { RecordBook } from './journal/record-book.js';
import type { CallLog } from './ledger/call-log.js';
import type { MediaShelf } from './media/media-shelf.js';
import type { Post } from './posts/post.js';
import type { Enhancement } from './prompts/enhancement.js';
import type { SeededSource } from './seeded-source.js';
import type { SentinelDesk } from './sentinel/sentinel-desk.js';
import type { Speed } from './tasks/speed.js';
import type { TaskBook } from './tasks/task-book.js';
import type { Upload } from './uploads/upload.js';

/** The part of a logger that the simulator needs. */
export interface Log {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Everything there is in one simulator. The routes are functions of it; none of them keeps anything of its own. */
export interface World {
  readonly now: Clock;
  readonly log: Log;
  readonly source: SeededSource;
  readonly accounts: AccountBook;
  readonly sentinel: SentinelDesk;
  readonly tasks: TaskBook;
  readonly uploads: RecordBook<Upload>;
  readonly characters: CharacterBook;
  readonly posts: RecordBook<Post>;
  readonly enhancements: RecordBook<Enhancement>;
  readonly faults: FaultBoard;
  readonly calls: CallLog;
  readonly shelf: MediaShelf;
  speed: Speed;
  /** Back to the state of a first start: default accounts, no task, no fault, the speed of the configuration. */
  reset(): void;
}
