/** A timer of this process whose rounds are shared with all others through one row: nothing is held during or between rounds. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@reelay/db/client';
import { claimTimer } from '@reelay/db/timers';
import type { Logger } from '@reelay/platform/logger';

export interface TimerOptions {
  readonly database: Database;
  /** Name of the row. */
  readonly name: string;
  readonly periodMs: () => Promise<number>;
  readonly round: (signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  /** The first round is not shared: a process that has just started does not know what was lost before. */
  readonly beginsAtOnce: boolean;
}

export interface Timer {
  /** Resolves when no round is running any more. */
  close(): Promise<void>;
}

/** Looking twice per period keeps the real one near the wished one, whoever claims it. */
const looksPerPeriod = 2;

export function startTimer(options: TimerOptions): Timer {
  const leaving = new AbortController();
  const ended = loop(options, leaving.signal);
  return {
    close: async () => {
      leaving.abort();
      await ended;
    },
  };
}

async function loop({ database, name, periodMs, round, log, beginsAtOnce }: TimerOptions, signal: AbortSignal) {
  let isFirst = beginsAtOnce;
  while (!signal.aborted) {
    try {
      const isMine = await claimTimer(database, name, await periodMs());
      if (isMine || isFirst) await round(signal);
      isFirst = false;
    } catch (error) {
      if (!signal.aborted) log.warn({ error, timer: name }, 'round of a timer failed, the next one will repeat it');
    }
    const waitMs = await periodMs().catch(() => 10_000);
    await pause(Math.max(50, waitMs / looksPerPeriod), undefined, { signal }).catch(() => undefined);
  }
}
