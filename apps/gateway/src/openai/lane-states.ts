/** The pool's lanes for lists of models, at most a second old: they change rarely, and a busy store must not keep such a list waiting. */
import type { LaneState } from '@reelay/db/lanes/list-lane-states';

const freshMs = 1_000;
/** From here on they are read again while the known ones are still given. */
const agingMs = 500;

export class LaneStates {
  readonly #load: () => Promise<LaneState[]>;
  readonly #now: () => number;
  #known: readonly LaneState[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<readonly LaneState[]> | undefined;

  constructor(load: () => Promise<LaneState[]>, now: () => number = () => performance.now()) {
    this.#load = load;
    this.#now = now;
  }

  async read(): Promise<readonly LaneState[]> {
    const ageMs = this.#now() - this.#readAt;
    if (ageMs < agingMs) return this.#known;
    const reading = this.#refresh();
    if (ageMs >= freshMs) return reading;
    // What cannot be read now will fail for who has to wait for it.
    reading.catch(() => {});
    return this.#known;
  }

  /** Once for all who ask in the meantime. */
  #refresh(): Promise<readonly LaneState[]> {
    this.#reading ??= this.#readAnew().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAnew(): Promise<readonly LaneState[]> {
    const askedAt = this.#now();
    this.#known = await this.#load();
    this.#readAt = askedAt;
    return this.#known;
  }
}
