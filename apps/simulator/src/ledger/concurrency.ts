/** From when to when something took up room at the upstream. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface ConcurrencyStep {
  readonly at: number;
  /** How many were open from this moment on. */
  readonly open: number;
}

export interface Concurrency {
  readonly now: number;
  readonly most: number;
  /** When `most` was first reached; null if there never was anything. */
  readonly mostAt: number | null;
}

/** How many spans were open, at every instant at which that changed. */
export function concurrencySteps(spans: readonly Span[]): ConcurrencyStep[] {
  const changes = new Map<number, number>();
  const add = (at: number, change: number) => changes.set(at, (changes.get(at) ?? 0) + change);
  for (const { from, to } of spans) {
    add(from, 1);
    add(to, -1);
  }
  let open = 0;
  return [...changes]
    .sort(([first], [second]) => first - second)
    .map(([at, change]) => {
      open += change;
      return { at, open };
    });
}

export function concurrencyOf(spans: readonly Span[], now: number): Concurrency {
  const past = concurrencySteps(spans).filter(({ at }) => at <= now);
  const most = past.reduce((highest, { open }) => Math.max(highest, open), 0);
  const mostAt = past.find(({ open }) => most > 0 && open === most)?.at ?? null;
  return { now: past.at(-1)?.open ?? 0, most, mostAt };
}
