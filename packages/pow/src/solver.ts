import { availableParallelism } from 'node:os';
import type { Challenge, Proof } from './challenge.js';
import type { EngineName, EngineReport } from './engine.js';
import { type Task, ThreadHandle } from './thread-handle.js';

export interface SolverOptions {
  /** By default a core is left to the rest of the process. */
  readonly threads?: number;
  /** Searches a thread works on at the same time, a slice each in turn. */
  readonly searchesPerThread?: number;
  /** Searches that wait for a place, in order of arrival; those beyond are refused. */
  readonly mostWaiting?: number;
  /** The fastest engine to try; slower ones stand in for it where it does not run. */
  readonly engine?: EngineName;
  /** Told when a thread has started what it searches with, and why with nothing faster. */
  readonly onEngine?: (engine: EngineReport) => void;
}

export interface Solver {
  /** Rejects with the signal's reason when aborted, also while waiting for a place; with SolverBusyError when too many wait. */
  solve(challenge: Challenge, signal?: AbortSignal): Promise<Proof>;
  /** Rejects what is unfinished and ends the threads. */
  close(): Promise<void>;
}

/** Nothing was searched. The same call may be made again when others have ended. */
export class SolverBusyError extends Error {
  override readonly name = 'SolverBusyError';
}

const SEARCHES_PER_THREAD = 32;
const MOST_WAITING = 256;

/** A pool of solver threads. They start with the first work and keep the process alive only while they have some. */
export function createSolver(options: SolverOptions = {}): Solver {
  return new ThreadedSolver(options);
}

class ThreadedSolver implements Solver {
  readonly #mostThreads: number;
  readonly #perThread: number;
  readonly #mostWaiting: number;
  readonly #engine: EngineName | undefined;
  readonly #onEngine: (engine: EngineReport) => void;
  readonly #threads: ThreadHandle[] = [];
  readonly #waiting: Task[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor(options: SolverOptions) {
    this.#mostThreads = Math.max(1, options.threads ?? availableParallelism() - 1);
    this.#perThread = options.searchesPerThread ?? SEARCHES_PER_THREAD;
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING;
    this.#engine = options.engine;
    this.#onEngine = options.onEngine ?? (() => {});
  }

  async solve(challenge: Challenge, signal?: AbortSignal): Promise<Proof> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new Error('the solver is closed');
    return new Promise<Proof>((resolve, reject) => {
      const onAbort = () => {
        this.#drop(task);
        reject(signal?.reason);
      };
      const ended = () => signal?.removeEventListener('abort', onAbort);
      const task: Task = {
        id: ++this.#lastId,
        challenge,
        resolve: (proof) => {
          ended();
          resolve(proof);
        },
        reject: (reason) => {
          ended();
          reject(reason);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(task);
      this.#fill();
      this.#refuseTooMany();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const task of this.#waiting.splice(0)) task.reject(new Error('the solver is closed'));
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
  }

  #fill(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#freest();
      if (!thread) return;
      const task = this.#waiting.shift();
      if (task) thread.take(task);
    }
  }

  #refuseTooMany(): void {
    for (const task of this.#waiting.splice(this.#mostWaiting)) {
      task.reject(
        new SolverBusyError(`${this.#mostWaiting} searches wait for a solver thread; try again when some have ended`),
      );
    }
  }

  /** An idle thread, else a new one while there may be more, else the least busy one that still has a place. */
  #freest(): ThreadHandle | undefined {
    const [best] = [...this.#threads].sort((left, right) => left.load - right.load);
    if (best?.load === 0) return best;
    if (this.#threads.length < this.#mostThreads) return this.#startThread();
    return best && best.load < this.#perThread ? best : undefined;
  }

  #startThread(): ThreadHandle {
    const thread = new ThreadHandle(this.#engine ?? 'simd', {
      onEngine: this.#onEngine,
      onPlace: () => this.#fill(),
      onEnd: () => {
        const place = this.#threads.indexOf(thread);
        if (place >= 0) this.#threads.splice(place, 1);
        this.#fill();
      },
    });
    this.#threads.push(thread);
    return thread;
  }

  #drop(task: Task): void {
    const place = this.#waiting.indexOf(task);
    if (place >= 0) this.#waiting.splice(place, 1);
    else for (const thread of this.#threads) thread.cancel(task.id);
  }
}
