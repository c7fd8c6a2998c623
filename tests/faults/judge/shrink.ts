/**
 * The smallest part of the steps with which a run still fails: halves, then quarters and so on are left out for as long as that helps.
 * A run with faults is not repeatable to the millisecond, so what is found is small, not the smallest.
 */
export async function shrink<Step>(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
  mostRuns: number,
): Promise<readonly Step[]> {
  let kept = steps;
  let runs = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length && runs < mostRuns; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (without.length === 0) break;
      runs += 1;
      if (await fails(without)) kept = without;
      else from += size;
    }
  }
  return kept;
}
