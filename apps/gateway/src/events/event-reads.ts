/**
 * Reads of events that are wanted at the same time become one question: when messages were lost, or many clients come back at once,
 * thousands of watchers want to read.
 */
import { type GenerationEvent, generationEventSchema } from '@reelay/contracts/events';
import type { EventCursor, EventRow } from '@reelay/db/generations/read-events';

export type ReadRows = (cursors: readonly EventCursor[]) => Promise<EventRow[][]>;

interface Wanted {
  cursor: EventCursor;
  resolve(events: GenerationEvent[]): void;
  reject(error: unknown): void;
}

const mostAtOnce = 200;
/** Two, so that one is on its way while the answer of the other is taken in. */
const mostUnderway = 2;

export class EventReads {
  readonly #readRows: ReadRows;
  #waiting: Wanted[] = [];
  #underway = 0;

  constructor(readRows: ReadRows) {
    this.#readRows = readRows;
  }

  /** The events after the cursor as they are after this call, in order of seq. */
  read(cursor: EventCursor): Promise<GenerationEvent[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ cursor, resolve, reject });
      // What else is wanted in this moment goes along.
      if (this.#waiting.length === 1) setImmediate(() => this.#readNext());
    });
  }

  #readNext(): void {
    while (this.#waiting.length > 0 && this.#underway < mostUnderway) {
      this.#underway += 1;
      const wanted = this.#waiting.splice(0, mostAtOnce);
      void this.#answer(wanted).finally(() => {
        this.#underway -= 1;
        this.#readNext();
      });
    }
  }

  async #answer(wanted: readonly Wanted[]): Promise<void> {
    try {
      const rows = await this.#readRows(wanted.map(({ cursor }) => cursor));
      for (const [no, each] of wanted.entries()) settle(each, rows[no] ?? []);
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}

/** A row that cannot be understood concerns who watches it, and nobody else. */
function settle({ resolve, reject }: Wanted, rows: readonly EventRow[]): void {
  try {
    resolve(rows.map((row) => generationEventSchema.parse(row)));
  } catch (error) {
    reject(error);
  }
}
