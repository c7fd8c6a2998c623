/** How much of the process's memory large bodies and fetched files may take together; who comes too late waits in line. */
import { AppError } from '@reelay/contracts/errors';

export interface Lease {
  /** Gives back what turned out not to be needed. */
  shrinkTo(bytes: number): void;
  /** A second time does nothing. */
  release(): void;
}

interface Waiting {
  bytes: number;
  grant: (lease: Lease) => void;
}

export class MemoryBudget {
  readonly #totalBytes: number;
  readonly #patienceMs: number;
  readonly #line: Waiting[] = [];
  #freeBytes: number;

  constructor({ totalBytes, patienceMs }: { totalBytes: number; patienceMs: number }) {
    this.#totalBytes = totalBytes;
    this.#patienceMs = patienceMs;
    this.#freeBytes = totalBytes;
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /**
   * All at once or nothing, so that no two wait for each other; first come, first served, so that the large ones are not passed for ever.
   * @throws AppError `service_unavailable`
   */
  async reserve(bytes: number): Promise<Lease> {
    const wanted = Math.min(bytes, this.#totalBytes);
    if (this.#line.length === 0 && wanted <= this.#freeBytes) return this.#take(wanted);
    return new Promise<Lease>((resolve, reject) => {
      const waiting: Waiting = {
        bytes: wanted,
        grant: (lease) => {
          clearTimeout(timer);
          resolve(lease);
        },
      };
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(waiting), 1);
        reject(busy());
        this.#serve();
      }, this.#patienceMs);
      this.#line.push(waiting);
    });
  }

  #take(bytes: number): Lease {
    this.#freeBytes -= bytes;
    let held = bytes;
    const keep = (left: number) => {
      if (left >= held) return;
      this.#freeBytes += held - left;
      held = left;
      this.#serve();
    };
    return { shrinkTo: keep, release: () => keep(0) };
  }

  #serve(): void {
    for (let next = this.#line[0]; next && next.bytes <= this.#freeBytes; next = this.#line[0]) {
      this.#line.shift();
      next.grant(this.#take(next.bytes));
    }
  }
}

function busy(): AppError {
  return new AppError(
    'service_unavailable',
    'Too many large requests are being read at once: send this one again in some seconds.',
    { retryAfterMs: 5_000 },
  );
}
