import { percentile } from '../percentile.mts';
import { table } from '../table.mts';
import type { Memory, Round } from './round.mts';

/** RSS per stream, p99 of commit to socket, and so much of the wanted pace. */
const goals = { kilobytes: 40, arrivalMs: 250, pacePercent: 99 };

/** One column a server, ours with its ratio to the other one. */
export function showRounds(bare: Round, ours: Round): string {
  const rows: [string, (round: Round) => number, (value: number) => string][] = [
    ['RSS before the first stream', (round) => round.memory.cold.rssBytes, megabytes],
    ['RSS, no stream after some', (round) => round.memory.empty.rssBytes, megabytes],
    ['RSS, all streams', (round) => round.memory.open.rssBytes, megabytes],
    ['RSS per stream, from the cold process', (round) => rssFromCold(round), kilobytes],
    ['RSS per stream, from the warm one', (round) => perStream(round, 'open', 'rssBytes'), kilobytes],
    ['  after the events', (round) => perStream(round, 'after', 'rssBytes'), kilobytes],
    ['live heap per stream', (round) => perStream(round, 'open', 'liveBytes'), kilobytes],
    ['  buffers beside the heap', (round) => perStream(round, 'open', 'externalBytes'), kilobytes],
    ['streams opened per second', (round) => (1000 * round.streams) / round.openMs, count],
    ['events written per second', (round) => round.perSecond, count],
    ['commit sent → socket, p50', (round) => percentile(round.sentMs, 50), milliseconds],
    ['  p99', (round) => percentile(round.sentMs, 99), milliseconds],
    ['  longest', (round) => percentile(round.sentMs, 100), milliseconds],
    ['commit answered → socket, p50', (round) => percentile(round.answeredMs, 50), milliseconds],
    ['  p99', (round) => percentile(round.answeredMs, 99), milliseconds],
    ['processor while events come', (round) => 100 * round.busy, percent],
  ];
  return table(
    ['', bare.name, ours.name, 'ratio'],
    rows.map(([name, value, show]) => [
      ...[name, show(value(bare)), show(value(ours))],
      ratio(value(ours), value(bare)),
    ]),
  );
}

/** The last cell says `met` or `MISSED`. */
export function judge(rounds: readonly Round[], ours: Round, perSecond: number): string[][] {
  // What the process takes once with its first streams counts, too.
  const memory = rssFromCold(ours) / 1024;
  const arrivalMs = percentile(ours.sentMs, 99);
  const pace = Math.min(...rounds.map((round) => round.perSecond));
  const events = rounds.reduce((sum, { written }) => sum + written.seqs.length, 0);
  const wrong = rounds.reduce((sum, { lost, disordered, ended }) => sum + lost + disordered + ended, 0);
  const complaints = rounds.flatMap((round) => round.complaints);
  return [
    [
      `RSS per stream of ${ours.streams.toLocaleString('en-US')}, from the cold process`,
      `${memory.toFixed(1)} KB`,
      `≤ ${goals.kilobytes} KB`,
      verdict(memory <= goals.kilobytes),
    ],
    [
      'commit → socket of the client, p99',
      milliseconds(arrivalMs),
      `≤ ${goals.arrivalMs} ms`,
      verdict(arrivalMs <= goals.arrivalMs),
    ],
    [
      'events written, the slowest round',
      `${count(pace)}/s`,
      `${perSecond.toLocaleString('en-US')}/s`,
      verdict(pace >= (goals.pacePercent / 100) * perSecond),
    ],
    [
      `lost, repeated, out of order, streams ended, of ${events.toLocaleString('en-US')} events`,
      `${wrong}`,
      '0',
      verdict(wrong === 0),
    ],
    ['errors in the log, unhandled rejections', `${complaints.length}`, '0', verdict(complaints.length === 0)],
  ];
}

export function showJudged(rows: string[][]): string {
  return table(['', 'measured', 'goal', ''], rows);
}

function rssFromCold({ memory, streams }: Round): number {
  return (memory.open.rssBytes - memory.cold.rssBytes) / streams;
}

/** What one more stream takes of a process that had some before. */
function perStream({ memory, streams }: Round, when: 'open' | 'after', what: keyof Memory): number {
  return (memory[when][what] - memory.empty[what]) / streams;
}

/** Of what is about nothing there is none. */
function ratio(ours: number, bare: number): string {
  return bare > 0 ? `${(ours / bare).toFixed(2)} ×` : '';
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MB`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function percent(value: number): string {
  return `${value.toFixed(0)} %`;
}

function count(value: number): string {
  return value.toFixed(0);
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
