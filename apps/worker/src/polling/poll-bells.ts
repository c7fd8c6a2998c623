/**
 * The bell for a round of polling: rung at once, and for all who ring soon after it once more when a while has passed. Otherwise hundreds of
 * submits that are accepted one after another would be as many rounds, each asking the upstream for all of them.
 */
import type { Queues } from '@reelay/platform/queues';

interface Rest {
  timer: NodeJS.Timeout;
  /** Somebody rang since. */
  isRung: boolean;
}

export class PollBells {
  readonly #queues: Pick<Queues, 'enqueue'>;
  readonly #resting = new Map<string, Rest>();

  constructor(queues: Pick<Queues, 'enqueue'>) {
    this.#queues = queues;
  }

  /** A process that ends before it rang again leaves that to the timers, and to the round that comes anyway. */
  async ring(tokenId: string, everyMs: number): Promise<void> {
    const resting = this.#resting.get(tokenId);
    if (resting) {
      resting.isRung = true;
      return;
    }
    const timer = setTimeout(() => {
      const rest = this.#resting.get(tokenId);
      this.#resting.delete(tokenId);
      if (rest?.isRung) void this.ring(tokenId, everyMs);
    }, everyMs).unref();
    this.#resting.set(tokenId, { timer, isRung: false });
    await this.#queues.enqueue('poll', { tokenId }, { bringForward: true });
  }

  /** Rings what is still to be rung. */
  async close(): Promise<void> {
    const rung = [...this.#resting].filter(([, { isRung }]) => isRung);
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    for (const [tokenId] of rung) await this.#queues.enqueue('poll', { tokenId }, { bringForward: true });
  }
}
