/** Rings for assignment. Of those who ring while a ring is on its way all are served by one more, which begins after they came. */
import type { Queues } from '@reelay/platform/queues';

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
    }
    this.#isRinging = false;
  }
}
