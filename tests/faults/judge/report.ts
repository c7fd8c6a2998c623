/** What a long run found, as the part of docs/reliability.md that the runner writes. */
import { checkHistory } from './check-history.js';
import { recoveries } from './check-recovery.js';
import type { History } from './history.js';

export interface ReportedRun {
  command: string;
  seed: number;
  /** How many faults were to be injected. */
  injections: number;
  startedAt: Date;
  tookMs: number;
  machine: string;
}

const begin = '<!-- written by the runner -->';
const end = '<!-- end of what the runner writes -->';

/** Puts the report in the place of the one before. */
export function insertReport(document: string, report: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/reliability.md has lost its marks ${begin} and ${end}: put them back`);
  return `${document.slice(0, from + begin.length)}\n\n${report.trim()}\n\n${document.slice(to)}`;
}

export function reportOf(history: History, run: ReportedRun): string {
  const { faults, final, ledger, accepts } = history;
  const violations = checkHistory(history);
  const took = recoveries(history);
  const lines = [
    `\`${run.command}\`, begun ${run.startedAt.toISOString()}, ${minutes(run.tookMs)}, ${run.machine}.`,
    '',
    ...table(
      ['what', 'count'],
      [
        ['seed', String(run.seed)],
        ['faults injected', String(faults.length)],
        ['generations accepted', String(new Set(accepts.map(({ generationId }) => generationId)).size)],
        ...counts(final.generations.map(({ state, errorCode }) => (errorCode ? `${state}: \`${errorCode}\`` : state))),
        ['submits that the upstream accepted', String(ledger.submits.length)],
        [
          'accepted beyond one for a generation',
          String(ledger.submits.length - new Set(ledger.submits.map(({ prompt }) => prompt)).size),
        ],
        ...counts(final.attempts.map(({ state }) => `attempts that ended as ${state}`)),
        ['violations', String(violations.length)],
      ],
    ),
    '',
    `With ${violations.length} violations in ${faults.length} injections, the rule of three bounds the share of injections that violate an`,
    `invariant at ${violations.length === 0 ? `${((3 / faults.length) * 100).toFixed(1)} % (95 %)` : 'nothing: it holds for none only'}, and that of generations at ${((3 / Math.max(1, final.generations.length)) * 100).toFixed(2)} %.`,
    '',
    `Recovery: from the end of a fault (a kill: from the kill) until the last attempt that was open then and not in reconciliation has`,
    `moved. Later faults of the same run are in it. p50 ${seconds(took, 0.5)}, p95 ${seconds(took, 0.95)}, most ${seconds(took, 1)}.`,
    '',
    ...table(
      ['fault', 'injected', 'p50', 'p95', 'most'],
      [...Map.groupBy(faults, ({ name }) => name)]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, own]) => {
          const times = took.filter(({ fault }) => fault === name);
          return [name, String(own.length), seconds(times, 0.5), seconds(times, 0.95), seconds(times, 1)];
        }),
    ),
  ];
  return lines.join('\n');
}

function counts(values: readonly string[]): string[][] {
  return [...Map.groupBy(values, (value) => value)]
    .map(([value, own]) => [value, String(own.length)])
    .sort(([a = ''], [b = '']) => a.localeCompare(b));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
}

function seconds(times: readonly { tookMs: number }[], quantile: number): string {
  const sorted = times.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))];
  return value === undefined ? '–' : `${(value / 1000).toFixed(1)} s`;
}

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}
