/** How long a generation rests in its lane before it is tried again: doubling with every try, jittered, within bounds. */
export function retryPauseMs(
  deferrals: number,
  { minimumMs, maximumMs, random }: { minimumMs: number; maximumMs: number; random: () => number },
): number {
  const grownMs = Math.min(minimumMs * 2 ** Math.min(deferrals, 20), maximumMs);
  // Between half and the whole: many that failed together do not come back together, and none later than allowed.
  return Math.round(Math.max(Math.min(minimumMs, maximumMs), grownMs * (0.5 + random() / 2)));
}
