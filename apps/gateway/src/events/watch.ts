import type { GenerationEvent } from '@reelay/contracts/events';

/** More live messages than this are not kept for a slow reader: the rows are the truth and are read when it comes back. */
const mostPending = 64;

/** One watcher's place in the events of one generation. Says what can be delivered next, and when rows must be read instead. */
export class Watch {
  #cursor: number;
  readonly #onNews: () => void;
  readonly #pending = new Map<number, GenerationEvent>();
  #mustRead = true;
  #isGone = false;

  /** @param onNews called whenever there may be something to deliver or to read; also for what is no news after all */
  constructor(afterSeq: number, onNews: () => void) {
    this.#cursor = afterSeq;
    this.#onNews = onNews;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get mustRead(): boolean {
    return this.#mustRead;
  }

  /** The row no longer exists. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Something may have changed since the last look. */
  get hasNews(): boolean {
    return this.#mustRead || this.#isGone || this.#pending.size > 0;
  }

  /** A live message. Order, repetition and gaps are not the sender's concern. */
  offer(event: GenerationEvent): void {
    if (event.seq <= this.#cursor) return;
    if (this.#pending.size < mostPending) this.#pending.set(event.seq, event);
    else this.#mustRead = true;
    this.#onNews();
  }

  /** The row's seq, as a recheck saw it; undefined when there is no row. */
  noticeSeq(seq: number | undefined): void {
    if (seq === undefined) this.#isGone = true;
    else if (seq > this.#cursor) this.#mustRead = true;
    else return;
    this.#onNews();
  }

  requireRead(): void {
    this.#mustRead = true;
    this.#onNews();
  }

  /**
   * To be called before rows are read: what was pending is in the rows or was never true, what comes during the read is kept. So
   * every read uses up the messages that asked for it, and a false one cannot make it go round for ever.
   */
  beginRead(): void {
    this.#mustRead = false;
    this.#pending.clear();
  }

  /** Rows after the cursor, in order. */
  acceptRows(rows: readonly GenerationEvent[]): void {
    this.#cursor = Math.max(this.#cursor, rows.at(-1)?.seq ?? 0);
  }

  /** Live messages that follow the cursor without a gap; a gap asks for a read. */
  take(): GenerationEvent[] {
    const taken: GenerationEvent[] = [];
    for (let event = this.#pending.get(this.#cursor + 1); event; event = this.#pending.get(this.#cursor + 1)) {
      taken.push(event);
      this.#cursor = event.seq;
      this.#pending.delete(event.seq);
    }
    for (const seq of this.#pending.keys()) if (seq <= this.#cursor) this.#pending.delete(seq);
    if (this.#pending.size > 0) this.#mustRead = true;
    return taken;
  }
}

/** For a reader that fell behind: of progress in one stage only the newest matters. Notes and ends are never left out. */
export function coalesce(events: readonly GenerationEvent[]): GenerationEvent[] {
  return events.filter((event, index) => {
    const next = events[index + 1];
    if (event.type !== 'generation.progressed' || next?.type !== 'generation.progressed') return true;
    return event.data.note !== undefined || event.data.stage !== next.data.stage;
  });
}
