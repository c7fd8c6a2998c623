import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Challenge, Proof } from './challenge.js';
import type { EngineName, EngineReport } from './engine.js';
import type { FromThread, ThreadData, ToThread } from './solver-thread.js';

export interface Task {
  readonly id: number;
  readonly challenge: Challenge;
  readonly resolve: (proof: Proof) => void;
  readonly reject: (reason: unknown) => void;
}

export interface ThreadListeners {
  readonly onEngine: (engine: EngineReport) => void;
  /** A search less. */
  readonly onPlace: () => void;
  /** It takes no more. */
  readonly onEnd: () => void;
}

/** A solver thread as the pool sees it. It keeps the process alive only while it has work. */
export class ThreadHandle {
  readonly #worker: Worker;
  readonly #tasks = new Map<number, Task>();
  readonly #listeners: ThreadListeners;

  constructor(engine: EngineName, listeners: ThreadListeners) {
    this.#listeners = listeners;
    // The same file whether this runs compiled or is compiled on the fly from the sources: a thread has no compiler in between.
    this.#worker = new Worker(join(__dirname, '../dist/solver-thread.js'), {
      workerData: { engine } satisfies ThreadData,
      // Tries in JavaScript leave much behind: without a limit the thread grows to 50 MB before it tidies up.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the solver thread has ended')));
  }

  get load(): number {
    return this.#tasks.size;
  }

  take(task: Task): void {
    try {
      this.#post({ type: 'solve', id: task.id, challenge: task.challenge });
    } catch (error) {
      // A profile may hold what cannot be handed to another thread.
      task.reject(error);
      return;
    }
    if (this.#tasks.size === 0) this.#worker.ref();
    this.#tasks.set(task.id, task);
  }

  cancel(id: number): void {
    if (!this.#remove(id)) return;
    this.#post({ type: 'cancel', id });
    this.#listeners.onPlace();
  }

  async close(): Promise<void> {
    this.#failAll(new Error('the solver is closed'));
    await this.#worker.terminate();
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    if (message.type === 'started') this.#listeners.onEngine(message.engine);
    else this.#finish(message);
  }

  #finish(message: Exclude<FromThread, { type: 'started' }>): void {
    const task = this.#remove(message.id);
    // A cancelled search may have been solved while the message was on its way.
    if (!task) return;
    if (message.type === 'solved') task.resolve(message.proof);
    else task.reject(new Error(message.message));
    this.#listeners.onPlace();
  }

  #remove(id: number): Task | undefined {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    if (this.#tasks.size === 0) this.#worker.unref();
    return task;
  }

  /** An uncaught error is told before the exit it leads to; between the two nothing may be taken any more. */
  #end(reason: Error): void {
    this.#listeners.onEnd();
    this.#failAll(reason);
  }

  #failAll(reason: Error): void {
    for (const task of this.#tasks.values()) task.reject(reason);
    this.#tasks.clear();
    this.#worker.unref();
  }
}
