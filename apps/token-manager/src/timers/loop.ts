/** An in-process timer: does its work again and again, one round after another, until it is stopped. */
import { isOutage } from '@reelay/db/outage';
import type { Logger } from '@reelay/platform/logger';

export interface LoopOptions {
  name: string;
  /** Time between the end of a round and the next one; asked before every round, because it is a setting. */
  periodMs: () => Promise<number>;
  work: () => Promise<void>;
  log: Logger;
}

export interface Loop {
  /** Resolves when the round that was running is over; no other begins. */
  stop(): Promise<void>;
}

export function startLoop({ name, periodMs, work, log }: LoopOptions): Loop {
  const stopping = new AbortController();
  let isFailing = false;

  async function round(): Promise<void> {
    try {
      await work();
      if (isFailing) log.info({ timer: name }, 'timer works again');
      isFailing = false;
    } catch (error) {
      // An outage is one line, not one a second.
      const level = isFailing ? 'debug' : isOutage(error) ? 'warn' : 'error';
      log[level]({ error, timer: name }, 'timer round failed, trying on');
      isFailing = true;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round();
      await pause(await periodMs(), stopping.signal);
    }
  }

  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function pause(forMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, forMs);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
