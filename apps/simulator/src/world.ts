import type { AccountBook } from './accounts/account-book.js';
import type { Clock } from './clock.js';
import type { FaultBoard } from './faults/fault-board.js';
import type { CallCounts } from './ledger/call-counts.js';
import type { VideoShelf } from './media/video-shelf.js';
import type { SeededSource } from './seeded-source.js';
import type { SentinelDesk } from './sentinel/sentinel-desk.js';
import type { Speed } from './tasks/speed.js';
import type { TaskBook } from './tasks/task-book.js';

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
  readonly faults: FaultBoard;
  readonly calls: CallCounts;
  readonly shelf: VideoShelf;
  speed: Speed;
  /** Back to the state of a first start: default accounts, no task, no fault, the speed of the configuration. */
  reset(): void;
}
