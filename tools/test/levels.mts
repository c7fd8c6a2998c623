/** From cheap to dear, which is also the order in which they run. */
export const levels = ['unit', 'integration', 'e2e', 'faults', 'browser'] as const;

export type Level = (typeof levels)[number];

/** What a level is, in a word for the reader. */
export const levelMeaning: Record<Level, string> = {
  unit: 'pure code',
  integration: 'real PostgreSQL and Redis',
  e2e: 'the whole stack',
  faults: 'the whole stack while parts of it are killed',
  browser: 'the whole stack in Chromium',
};

/** A file of the upper levels starts a stack of its own. Chromium is the one that needs the machine for itself. */
export function workersOf(level: Level): number {
  if (level === 'integration') return 3; // They wait for their servers half of the time.
  return level === 'browser' ? 1 : 2;
}

/** No level takes nearly that long; it only ends a run that hangs. */
export const levelTimeoutMs = 15 * 60_000;
