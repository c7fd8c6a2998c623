/** When a token is looked at again: pure, from what its open attempts look like now. */

export type OpenWork =
  /** Accepted; `progress` in whole percent as last heard. */
  | { kind: 'rendering'; sinceMs: number; progress: number }
  /** Being reconciled; three clean listings must span `settleMs` to prove it absent. */
  | { kind: 'unknown'; sentAgoMs: number; settleMs: number }
  /** Nothing can be done about it before this time has passed: somebody is sending it, or its answer may still be on the way. */
  | { kind: 'sent'; leftMs: number }
  /** The list of finished tasks should be read by then, whatever they look like. */
  | { kind: 'window'; wishMs: number };

export interface PollBounds {
  minimumMs: number;
  maximumMs: number;
  random: () => number;
}

const jitter = 0.1;

/** Undefined when nothing is open. */
export function pollIntervalMs(work: readonly OpenWork[], bounds: PollBounds): number | undefined {
  if (work.length === 0) return undefined;
  const wishedMs = Math.min(...work.map(wishOf));
  const jittered = within(wishedMs, bounds) * (1 - jitter + 2 * jitter * bounds.random());
  return Math.round(Math.min(jittered, bounds.maximumMs));
}

function wishOf(work: OpenWork): number {
  if (work.kind === 'rendering') return renderWishMs(work);
  if (work.kind === 'sent') return work.leftMs;
  if (work.kind === 'window') return work.wishMs;
  // Soon at first, for an accepted task shows up within seconds; then some listings over the settling time.
  return Math.min(work.sentAgoMs / 4, work.settleMs / 6);
}

/**
 * An eighth of the time the render still seems to need, so that looking costs little in its middle and its end is noticed at once. The
 * longer it lasts the less a second matters: a sixtieth of its age is the least, which also calms a task that stands at 99 % for ever.
 */
function renderWishMs({ sinceMs, progress }: { sinceMs: number; progress: number }): number {
  const remainingMs = progress > 0 ? (sinceMs * (100 - progress)) / progress : sinceMs * 2;
  return Math.max(remainingMs / 8, sinceMs / 60);
}

function within(ms: number, { minimumMs, maximumMs }: PollBounds): number {
  return Math.max(minimumMs, Math.min(maximumMs, ms));
}
