import type { Course, Sample } from './course.mts';

const bucketMs = 20_000;
/** Megabytes a minute below which nobody could tell growth from what caches do; what is occupied also waits for its collection. */
const leastSlope = { live: 0.1, occupied: 0.5 };
const errors = 3;

/** What grew, and a row of a table for each process. Samples before `fromMs` are left out. */
export function judge(course: Course, fromMs: number): { rows: string[][]; grows: string[] } {
  const grows: string[] = [];
  const rows = [...course].map(([name, all]) => {
    const samples = all.filter(({ atMs }) => atMs >= fromMs);
    const occupied = fitLine(means(samples, ({ pssBytes }) => pssBytes));
    const live = fitLine(means(samples, ({ liveBytes }) => liveBytes));
    // Of a process without a heap of its own to look into, what it occupies is all there is.
    const isLeaking = Number.isNaN(live.slope) ? rises(occupied, leastSlope.occupied) : rises(live, leastSlope.live);
    const handles = compareEnds(samples.map((sample) => sample.handles));
    const threads = compareEnds(samples.map((sample) => sample.threads));
    const words = [...(isLeaking ? ['memory grows'] : []), ...(handles.grows ? ['handles grow'] : [])];
    if (words.length > 0) grows.push(name);
    const end = samples.at(-1)?.pssBytes ?? 0;
    return [
      ...[name, `${(end / 1024 ** 2).toFixed(0)} MB`, shown(occupied), shown(live)],
      ...[handles.words, threads.words, words.join(', ') || 'constant'],
    ];
  });
  return { rows, grows };
}

interface Line {
  slope: number;
  standardError: number;
}

function rises({ slope, standardError }: Line, least: number): boolean {
  return slope > least && slope > errors * standardError;
}

function shown({ slope, standardError }: Line): string {
  return Number.isNaN(slope) ? '' : `${slope.toFixed(2)} ± ${standardError.toFixed(2)} MB/min`;
}

/** Minutes and megabytes. Neighbouring samples hang together, their means much less. */
function means(
  samples: readonly Sample[],
  bytesOf: (sample: Sample) => number | undefined,
): { x: number; y: number }[] {
  const known = samples.flatMap((sample) => {
    const bytes = bytesOf(sample);
    return bytes === undefined ? [] : [{ atMs: sample.atMs, bytes }];
  });
  const buckets = Map.groupBy(known, ({ atMs }) => Math.floor(atMs / bucketMs));
  return [...buckets].map(([bucket, inside]) => ({
    x: ((bucket + 0.5) * bucketMs) / 60_000,
    y: inside.reduce((sum, { bytes }) => sum + bytes, 0) / inside.length / 1024 ** 2,
  }));
}

/** Least squares; the standard error is that of the slope, from the residuals. */
export function fitLine(points: readonly { x: number; y: number }[]): Line {
  const count = points.length;
  if (count < 3) return { slope: Number.NaN, standardError: Number.NaN };
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residuals = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, standardError: Math.sqrt(residuals / (count - 2) / spread) };
}

/** Load makes handles come and go; what leaks never goes back. */
function compareEnds(values: readonly number[]): { words: string; grows: boolean } {
  const third = Math.floor(values.length / 3);
  if (third === 0) return { words: 'too few', grows: false };
  const [first, last] = [values.slice(0, third), values.slice(-third)];
  const range = (part: readonly number[]) => `${Math.min(...part)}–${Math.max(...part)}`;
  return { words: `${range(first)} → ${range(last)}`, grows: Math.min(...last) > Math.max(...first) };
}
