/** Places of large forms: each holds some pieces of a form and a connection to the store. No client takes all of them. */
import type { IncomingMessage } from 'node:http';
import { type Lease, MemoryBudget } from './memory-budget.js';

export interface FormPlacesOptions {
  most: number;
  mostOfKey: number;
  patienceMs: number;
}

const keys = new WeakMap<IncomingMessage, string>();

/** Whose request it is; nothing is known of it where nobody said so. */
export function noteKey(request: IncomingMessage, apiKeyId: string): void {
  keys.set(request, apiKeyId);
}

export class FormPlaces {
  readonly #options: FormPlacesOptions;
  readonly #all: MemoryBudget;
  readonly #ofKeys = new Map<string, { places: MemoryBudget; users: number }>();

  constructor(options: FormPlacesOptions) {
    this.#options = options;
    this.#all = new MemoryBudget({ totalBytes: options.most, patienceMs: options.patienceMs });
  }

  /**
   * The key's own first: its later forms wait behind its earlier ones, and not before those of others.
   * @throws AppError `service_unavailable`
   */
  async take(request: IncomingMessage): Promise<Pick<Lease, 'release'>> {
    const key = keys.get(request);
    if (key === undefined) return this.#all.reserve(1);
    const own = await this.#takeOwn(key);
    try {
      const place = await this.#all.reserve(1);
      return {
        release: () => {
          place.release();
          own.release();
        },
      };
    } catch (error) {
      own.release();
      throw error;
    }
  }

  async #takeOwn(key: string): Promise<Pick<Lease, 'release'>> {
    const { mostOfKey, patienceMs } = this.#options;
    const own = this.#ofKeys.get(key) ?? {
      places: new MemoryBudget({ totalBytes: mostOfKey, patienceMs }),
      users: 0,
    };
    this.#ofKeys.set(key, own);
    own.users += 1;
    let isOver = false;
    const leave = () => {
      if (isOver) return;
      isOver = true;
      own.users -= 1;
      if (own.users === 0) this.#ofKeys.delete(key);
    };
    try {
      const lease = await own.places.reserve(1);
      return {
        release: () => {
          lease.release();
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }
}
