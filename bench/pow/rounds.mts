import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Contestant } from './contestants.mts';

export interface Result {
  /** Tries per second, median of the rounds; undefined where nothing was measured. */
  rate: number | undefined;
  /** 99th percentile of the time between two turns of the main thread's event loop, median of the rounds. */
  delayMs: number;
}

/** At this interval the main thread asks for a turn, so an undisturbed one shows a little more than this. */
export const askedEveryMs = 1;

/** All take turns in each round; a first round, in which engines get warm, is not counted. */
export async function takeTurns(contestants: Contestant[], rounds: number): Promise<Map<Contestant, Result>> {
  const measured = new Map(contestants.map((contestant) => [contestant, [] as Result[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [contestant, results] of measured) {
      const result = await measure(contestant);
      if (round > 0) results.push(result);
    }
  }
  return new Map([...measured].map(([contestant, results]) => [contestant, medians(results)]));
}

async function measure(contestant: Contestant): Promise<Result> {
  const histogram = monitorEventLoopDelay({ resolution: askedEveryMs });
  histogram.enable();
  const rate = await contestant.run();
  histogram.disable();
  return { rate, delayMs: histogram.percentile(99) / 1e6 };
}

function medians(results: Result[]): Result {
  const rates = results.flatMap(({ rate }) => rate ?? []);
  return { rate: median(rates), delayMs: median(results.map(({ delayMs }) => delayMs)) ?? Number.NaN };
}

function median(values: number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}
