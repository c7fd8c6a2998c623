import { percentile } from '../percentile.mts';
import { table } from '../table.mts';
import { type Round, type Side, sides } from './rounds.mts';

export function showRounds(rounds: Round[]): string {
  const rows = sides.map((side) => {
    const own = rounds.filter((round) => round.side === side);
    const tookMs = own.flatMap((round) => [...round.tookMs]);
    const used = (name: keyof Round['processorMs']) =>
      median(own.map(({ processorMs }) => processorMs[name])).toFixed(2);
    return [
      side,
      perSecond(rounds, side).toFixed(0),
      `${(100 * (perSecond(rounds, side) / perSecond(rounds, 'bare'))).toFixed(0)} %`,
      ...[50, 95, 99].map((percent) => `${percentile(tookMs, percent).toFixed(2)} ms`),
      ...[used('server'), used('postgres'), used('redis')],
    ];
  });
  const head = ['', 'answers/s', 'of bare', 'p50', 'p95', 'p99', 'server ms', 'postgres ms', 'redis ms'];
  return table(head, rows);
}

/** Median of the rounds. */
export function perSecond(rounds: Round[], side: Side): number {
  return median(rounds.filter((round) => round.side === side).map((round) => round.perSecond));
}

/** Of all answers of a side, over that of the bare server. */
export function addedMs(rounds: Round[], side: Side, percent: number): number {
  const of = (wanted: Side) =>
    percentile(
      rounds.filter((round) => round.side === wanted).flatMap((round) => [...round.tookMs]),
      percent,
    );
  return of(side) - of('bare');
}

export function mishapsOf(rounds: Round[]): string[] {
  return rounds.flatMap(({ side, mishaps }) => [...mishaps].map(([what, count]) => `${count} × ${side}: ${what}`));
}

function median(values: readonly number[]): number {
  return percentile(values, 50);
}
