/**
 * Rings for assignment: at once, and for all who ring while that is on its way or shortly after it once more, which begins after they came.
 * A ring costs about as much as an accept, and one is as good as many.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Queues } from '@reelay/platform/queues';

/** Nothing to somebody who waits seconds for a video. */
const restMs = 10;

export class Bell {
  readonly #queues: Pick<Queues, 'enqueue'>;
  #isRinging = false;
  #isWanted = false;

  constructor(queues: Pick<Queues, 'enqueue'>) {
    this.#queues = queues;
  }

  /** After the commit of what is to be assigned. Nobody waits for it: a timer repeats what Redis does not take. */
  ring(): void {
    this.#isWanted = true;
    if (!this.#isRinging) void this.#ringOn();
  }

  async #ringOn(): Promise<void> {
    this.#isRinging = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#queues.enqueue('dispatch', {});
      await pause(restMs);
    }
    this.#isRinging = false;
  }
}
