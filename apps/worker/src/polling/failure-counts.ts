/** How often in a row polling a token has failed, in this process; a restart begins anew, which does no harm. */
export class FailureCounts {
  readonly #counts = new Map<string, number>();

  /** The number so far, this one included. */
  add(tokenId: string): number {
    const count = (this.#counts.get(tokenId) ?? 0) + 1;
    this.#counts.set(tokenId, count);
    return count;
  }

  clear(tokenId: string): void {
    this.#counts.delete(tokenId);
  }
}

/**
 * Doubling from the shortest interval to the longest, jittered. The last try of an outage may hang for half a minute before it fails, and
 * within a minute of the end of the outage the next one is to be made.
 */
export function failurePauseMs(
  failures: number,
  { minimumMs, maximumMs, random }: { minimumMs: number; maximumMs: number; random: () => number },
): number {
  const grownMs = Math.min(minimumMs * 2 ** Math.min(failures, 20), maximumMs);
  return Math.round(grownMs * (0.75 + random() / 4));
}
