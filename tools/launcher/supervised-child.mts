import type { Output } from './output.mts';

/** A process that serves. */
export interface RunningChild {
  pid: number;
  /** Resolves when it is gone, with words like "was ended by SIGKILL". */
  ended: Promise<string>;
  /** Asks it to end, forces it when it does not; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** Starts a child and resolves when it is ready; rejects when it ends before that, or when the signal is aborted. */
export type BeginChild = (signal: AbortSignal) => Promise<RunningChild>;

const firstDelayMs = 250;
/** Long enough that a crash loop does not eat the machine, short enough that nobody waits for a child that only died often. */
const longestDelayMs = 5_000;
const healthyAfterMs = 10_000;

/** One child that is kept alive: when it dies it is started again, with growing pauses while it keeps dying. */
export class SupervisedChild {
  readonly name: string;
  readonly #begin: BeginChild;
  readonly #output: Output;
  readonly #onChange: () => void;
  readonly #stopping = new AbortController();
  #running: RunningChild | undefined;
  #beginning: Promise<RunningChild> | undefined;
  #nextDelayMs = firstDelayMs;
  #endPause: (() => void) | undefined;

  /** @param onChange called when the process id has changed */
  constructor(name: string, begin: BeginChild, output: Output, onChange: () => void) {
    this.name = name;
    this.#begin = begin;
    this.#output = output;
    this.#onChange = onChange;
  }

  /** Undefined while it is not running. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** The first start. If it fails the child stays down: whoever starts the stack decides. */
  async start(): Promise<void> {
    const signal = this.#stopping.signal;
    signal.throwIfAborted();
    this.#beginning = this.#begin(signal);
    try {
      const child = await this.#beginning;
      this.#running = child;
      void this.#guard(child, performance.now());
    } finally {
      this.#beginning = undefined;
    }
    this.#onChange();
  }

  /** Replaces a child, for new code. One that is down is started at once. Resolves when the first try is over. */
  async restart(): Promise<void> {
    await this.#beginning?.catch(() => {});
    this.#nextDelayMs = firstDelayMs;
    const old = this.#running;
    if (old === undefined) {
      this.#endPause?.();
      return;
    }
    this.#running = undefined;
    await old.stop();
    await this.start().catch((error: Error) => void this.#keepTrying(error.message));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#endPause?.();
    await this.#beginning?.then((child) => child.stop()).catch(() => {});
    await this.#running?.stop();
  }

  kill(): void {
    this.#stopping.abort();
    this.#endPause?.();
    void this.#beginning?.then((child) => child.kill()).catch(() => {});
    this.#running?.kill();
  }

  async #guard(child: RunningChild, readyAt: number): Promise<void> {
    const ending = await child.ended;
    if (this.#running !== child || this.#stopping.signal.aborted) return;
    this.#running = undefined;
    this.#onChange();
    if (performance.now() - readyAt >= healthyAfterMs) this.#nextDelayMs = firstDelayMs;
    await this.#keepTrying(`${this.name} (process ${child.pid}) ${ending}`);
  }

  async #keepTrying(why: string): Promise<void> {
    let reason = why;
    while (!this.#stopping.signal.aborted && this.#running === undefined) {
      const pauseMs = this.#nextDelayMs;
      this.#nextDelayMs = Math.min(2 * pauseMs, longestDelayMs);
      this.#output.log('warn', `${reason}; it is started again in ${pauseMs / 1000} s`);
      await this.#pause(pauseMs);
      try {
        await this.start();
        this.#output.log('info', `${this.name} runs again (process ${this.pid})`);
      } catch (error) {
        reason = (error as Error).message;
      }
    }
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
