import type { Outcome } from '../overload/count.mts';
import { percentile } from '../percentile.mts';
import { table } from '../table.mts';
import type { Comparison } from './compare-files.mts';
import type { BothAnswers, LightAnswers } from './light-route.mts';
import type { Used } from './processes.mts';
import type { Chat } from './run-chats.mts';

export interface Findings {
  chats: Chat[];
  /** Chats before those, of which no more is asked than that they are counted. */
  warmUps: number;
  comparison: Comparison;
  /** By name of the process, from the first request to the last file. */
  used: Map<string, Used>;
  /** `GET /v1/models` and the bare server: with nothing else to do, and meanwhile. */
  idle: BothAnswers;
  meanwhile: BothAnswers;
  outcome: Outcome;
  complaints: string[];
  lostProcesses: string[];
}

const goals = { lightP99Ms: 100 };
const shares = [50, 95, 99, 100];
/** What is no part of what is measured. */
const apart = ['simulator', 'clients'];

export function showUse({ used, chats }: Findings): string {
  const row = (name: string, { processorSeconds, occupiedBytes }: Used) => [
    ...[name, processorSeconds.toFixed(1), ((1000 * processorSeconds) / chats.length).toFixed(1)],
    Number.isFinite(occupiedBytes) ? `${(occupiedBytes / 1024 ** 2).toFixed(0)} MB` : '',
  ];
  const own = [...used].filter(([name]) => !apart.includes(name));
  const sum = own.reduce((total, [, each]) => total + each.processorSeconds, 0);
  return table(
    ['process', 'processor, s', 'ms per generation', 'memory'],
    [
      ...own.map(([name, each]) => row(name, each)),
      row('together', { processorSeconds: sum, occupiedBytes: Number.NaN }),
      ...apart.flatMap((name) => {
        const each = used.get(name);
        return each ? [row(`apart: ${name}`, each)] : [];
      }),
    ],
  );
}

export function showTimes({ chats }: Findings): string {
  const since = (pick: (chat: Chat) => number | undefined) =>
    chats.flatMap((chat) => {
      const at = pick(chat);
      return at === undefined ? [] : [at - chat.startedAt];
    });
  const seconds = (name: string, values: number[]) => [
    ...[name, `${values.length}`],
    ...shares.map((percent) => `${(percentile(values, percent) / 1000).toFixed(2)} s`),
  ];
  return table(
    ['time until', 'of', 'p50', 'p95', 'p99', 'longest'],
    [
      seconds(
        'the stream begins',
        since(({ firstByteAt }) => firstByteAt),
      ),
      seconds(
        'the stream has ended',
        since(({ endedAt }) => endedAt),
      ),
      seconds(
        'the file is fetched',
        since(({ fetchedAt }) => fetchedAt),
      ),
    ],
  );
}

/** What the machine does to a light request is in the bare server's rows, what the gateway does in the ratio to them. */
export function showLight({ idle, meanwhile }: Findings): string {
  const milliseconds = (name: string, { tookMs }: LightAnswers) => [
    ...[name, `${tookMs.length}`],
    ...shares.map((percent) => `${percentile(tookMs, percent).toFixed(1)} ms`),
  ];
  const rows = (when: string, { ours, bare }: BothAnswers) => [
    milliseconds(`${when}: GET /v1/models`, ours),
    milliseconds('  bare node:http, the same bytes', bare),
    [
      '  ratio',
      '',
      ...shares.map((percent) => ratio(percentile(ours.tookMs, percent), percentile(bare.tookMs, percent))),
    ],
  ];
  return table(
    ['a light route', 'of', 'p50', 'p95', 'p99', 'longest'],
    [...rows('idle', idle), ...rows('meanwhile', meanwhile)],
  );
}

/** The last cell says `met` or `MISSED`. */
export function judge({ chats, warmUps, comparison, outcome, idle, meanwhile, ...findings }: Findings): string[][] {
  const wall = wallSeconds(chats);
  const { lost, doubled, accepted, distinct } = comparison;
  const { rows, succeeded, submits, usage } = outcome;
  const isExact =
    [accepted, rows, succeeded, submits, usage].every((count) => count === chats.length + warmUps) &&
    distinct === chats.length;
  const p99Ms = percentile(meanwhile.ours.tookMs, 99);
  const unanswered = [idle, meanwhile].flatMap(({ ours, bare }) => [...ours.failures, ...bare.failures]);
  const wrong = [findings.complaints, findings.lostProcesses, unanswered].flat().length;
  return [
    ['done per second', (chats.length / wall).toFixed(1), '', ''],
    ['first request to the end of the last stream', `${wall.toFixed(1)} s`, '', ''],
    ['lost: not ended with its own file', `${lost.length} of ${chats.length}`, '0', verdict(lost.length === 0)],
    [
      'doubled: submitted twice, not ended exactly once',
      `${doubled.length + outcome.duplicates}, ${outcome.notEndedOnce}`,
      '0, 0',
      verdict(doubled.length + outcome.duplicates + outcome.notEndedOnce === 0),
    ],
    [
      `submits, rows, succeeded, usage (with ${warmUps} before), different files`,
      [submits, rows, succeeded, usage, distinct].join(', '),
      'all of them',
      verdict(isExact),
    ],
    [
      'GET /v1/models meanwhile, p99',
      `${p99Ms.toFixed(1)} ms`,
      `≤ ${goals.lightP99Ms} ms`,
      verdict(p99Ms <= goals.lightP99Ms),
    ],
    [
      'GET /v1/models (or bare) not answered, unhandled rejections, lost processes',
      `${wrong}`,
      '0',
      verdict(wrong === 0),
    ],
  ];
}

export function showJudged(rows: string[][]): string {
  return table(['', 'measured', 'goal', ''], rows);
}

function wallSeconds(chats: readonly Chat[]): number {
  const from = Math.min(...chats.map(({ startedAt }) => startedAt));
  return (Math.max(...chats.map(({ endedAt = Number.NaN }) => endedAt).filter(Number.isFinite)) - from) / 1000;
}

function ratio(ours: number, bare: number): string {
  return `${(ours / bare).toFixed(2)} ×`;
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
