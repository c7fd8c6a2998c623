import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Challenge, Proof } from './solve.js';
import type { FromThread, ToThread } from './solver-thread.js';

export interface SolverOptions {
  readonly threads?: number;
  /** Searches a thread works on at the same time; more wait for their turn in order of arrival. */
  readonly searchesPerThread?: number;
}

export interface Solver {
  /** Rejects with the signal's reason when aborted, also while waiting for a place. */
  solve(challenge: Challenge, signal?: AbortSignal): Promise<Proof>;
  /** Rejects what is unfinished and ends the threads. */
  close(): Promise<void>;
}

const SEARCHES_PER_THREAD = 8;

/** A pool of solver threads. They start with the first work and keep the process alive only while they have some. */
export function createSolver(options: SolverOptions = {}): Solver {
  return new ThreadedSolver(options);
}

interface Task {
  readonly id: number;
  readonly challenge: Challenge;
  readonly resolve: (proof: Proof) => void;
  readonly reject: (reason: unknown) => void;
}

class ThreadedSolver implements Solver {
  readonly #mostThreads: number;
  readonly #perThread: number;
  readonly #threads: SolverThread[] = [];
  readonly #waiting: Task[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor({ threads, searchesPerThread = SEARCHES_PER_THREAD }: SolverOptions) {
    this.#mostThreads = Math.max(1, threads ?? availableParallelism() - 1);
    this.#perThread = searchesPerThread;
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

  /** An idle thread, else a new one while there may be more, else the least busy one that still has a place. */
  #freest(): SolverThread | undefined {
    const [best] = [...this.#threads].sort((left, right) => left.load - right.load);
    if (best?.load === 0) return best;
    if (this.#threads.length < this.#mostThreads) return this.#startThread();
    return best && best.load < this.#perThread ? best : undefined;
  }

  #startThread(): SolverThread {
    const thread = new SolverThread({
      onPlace: () => this.#fill(),
      onExit: () => {
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

class SolverThread {
  // The same file whether this runs compiled or is compiled on the fly from the sources: a thread has no compiler in between.
  readonly #worker = new Worker(join(__dirname, '../dist/solver-thread.js'));
  readonly #tasks = new Map<number, Task>();
  readonly #onPlace: () => void;

  constructor({ onPlace, onExit }: { onPlace: () => void; onExit: () => void }) {
    this.#onPlace = onPlace;
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#finish(message));
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => {
      this.#failAll(new Error('the solver thread has ended'));
      onExit();
    });
  }

  get load(): number {
    return this.#tasks.size;
  }

  take(task: Task): void {
    if (this.#tasks.size === 0) this.#worker.ref();
    this.#tasks.set(task.id, task);
    this.#post({ type: 'solve', id: task.id, challenge: task.challenge });
  }

  cancel(id: number): void {
    if (!this.#remove(id)) return;
    this.#post({ type: 'cancel', id });
    this.#onPlace();
  }

  async close(): Promise<void> {
    this.#failAll(new Error('the solver is closed'));
    await this.#worker.terminate();
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #finish(message: FromThread): void {
    const task = this.#remove(message.id);
    // A cancelled search may have been solved while the message was on its way.
    if (!task) return;
    if (message.type === 'solved') task.resolve(message.proof);
    else task.reject(new Error(message.message));
    this.#onPlace();
  }

  #remove(id: number): Task | undefined {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    if (this.#tasks.size === 0) this.#worker.unref();
    return task;
  }

  #failAll(reason: Error): void {
    for (const task of this.#tasks.values()) task.reject(reason);
    this.#tasks.clear();
    this.#worker.unref();
  }
}
