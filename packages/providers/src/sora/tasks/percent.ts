/** Whole percent of a fraction; 0 while the upstream says nothing. */
export function toPercent(fraction: number | null | undefined): number {
  // 0.29 × 100 is 28.999…: a hair is added so that it is not shown as 28.
  return Math.min(100, Math.max(0, Math.floor((fraction ?? 0) * 100 + 1e-9)));
}
