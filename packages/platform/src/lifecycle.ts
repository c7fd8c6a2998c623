import type { Logger } from './logger.js';

export interface LifecycleOptions {
  readonly log: Logger;
  /** After this time the process exits, whatever still runs. */
  readonly totalTimeoutMs?: number;
  /** The process itself; another one only in tests. */
  readonly process?: ProcessLike;
}

export type ProcessLike = Pick<NodeJS.Process, 'on' | 'exit' | 'connected' | 'send' | 'channel'>;

interface Step {
  readonly name: string;
  readonly run: () => Promise<void> | void;
  readonly timeoutMs: number;
}

const TOTAL_TIMEOUT_MS = 9_000;
const STEP_TIMEOUT_MS = 5_000;

/** Birth and death of an app: says when it is ready, and takes it down in order on SIGTERM, SIGINT or the end of its launcher. */
export class Lifecycle {
  readonly #steps: Step[] = [];
  readonly #stopping = new AbortController();
  readonly #process: ProcessLike;
  readonly #log: Logger;
  readonly #totalTimeoutMs: number;
  #exitCode = 0;

  constructor(options: LifecycleOptions) {
    this.#process = options.process ?? process;
    this.#log = options.log;
    this.#totalTimeoutMs = options.totalTimeoutMs ?? TOTAL_TIMEOUT_MS;
    this.#listen();
  }

  /** Aborted as soon as the shutdown begins: no new work may be taken from then on. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Tells the launcher (if there is one) that the app serves or consumes. */
  announceReady(details: { url?: string } = {}): void {
    this.#log.info(details, 'ready');
    // A launcher that died meanwhile is handled by 'disconnect', not by an error here.
    this.#process.send?.({ type: 'ready', ...details }, undefined, undefined, () => {});
  }

  /** Steps run one after another, the last registered first: what was opened last is closed first. */
  onShutdown(name: string, run: Step['run'], options: { timeoutMs?: number } = {}): void {
    this.#steps.push({ name, run, timeoutMs: options.timeoutMs ?? STEP_TIMEOUT_MS });
  }

  async shutdown(reason: string, exitCode = 0): Promise<void> {
    this.#exitCode = Math.max(this.#exitCode, exitCode);
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#log.info({ reason }, 'stopping');
    const deadline = setTimeout(() => {
      this.#log.error({ timeoutMs: this.#totalTimeoutMs }, 'not stopped in time, leaving now');
      this.#process.exit(1);
    }, this.#totalTimeoutMs);
    for (const step of this.#steps.reverse()) await this.#runStep(step);
    clearTimeout(deadline);
    this.#log.info('stopped');
    this.#process.exit(this.#exitCode);
  }

  async #runStep(step: Step): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#log.warn({ step: step.name, timeoutMs: step.timeoutMs }, 'shutdown step takes too long, going on');
        resolve();
      }, step.timeoutMs);
    });
    try {
      await Promise.race([step.run(), timeout]);
    } catch (error) {
      this.#log.error({ error, step: step.name }, 'shutdown step failed');
    } finally {
      clearTimeout(timer);
    }
  }

  #listen(): void {
    const stop = (reason: string) => void this.shutdown(reason);
    let interrupts = 0;
    const interrupted = () => {
      interrupts += 1;
      // A person who presses Ctrl-C twice wants out; a SIGTERM of the launcher beside the terminal's SIGINT is not that.
      if (interrupts > 1) this.#process.exit(1);
      else stop('SIGINT');
    };
    this.#process.on('SIGTERM', () => stop('SIGTERM'));
    this.#process.on('SIGINT', interrupted);
    if (this.#process.channel) this.#process.on('disconnect', () => stop('the launcher is gone'));
    const crash = (kind: string) => (error: unknown) => {
      this.#log.fatal({ error }, kind);
      this.#process.exit(1);
    };
    this.#process.on('uncaughtException', crash('uncaught exception'));
    this.#process.on('unhandledRejection', crash('unhandled rejection'));
  }
}
