import { percentile } from '../percentile.mts';
import { table } from '../table.mts';
import type { Outcome } from './count.mts';
import type { Create, Load } from './load.mts';
import type { Window } from './window.mts';

export interface Round {
  name: string;
  isOpen: boolean;
  window: Window;
  /** Requests that came, of them accepted, and generations that succeeded, per second. */
  offered: number;
  accepted: number;
  finished: number;
}

export interface Findings {
  idle: Window[];
  rounds: Round[];
  slots: number;
  load: Load;
  outcome: Outcome;
  isDrained: boolean;
  gatewayMegabytes: readonly [number, number];
  complaints: string[];
  lostProcesses: string[];
}

const goals = { goodputPercent: 90, refusalRatio: 5, retryAfterSeconds: 60 };

export function showRounds({ idle, rounds, slots }: Findings): string {
  const row = (name: string, { window, ...rate }: Partial<Round> & { window: Window }) => [
    ...[name, rate.offered, rate.accepted].map((value) =>
      typeof value === 'number' ? value.toFixed(1) : (value ?? ''),
    ),
    rate.finished === undefined ? '' : (rate.finished * 60).toFixed(0),
    `${((100 * mean(window.slots)) / slots).toFixed(0)} %`,
    `${(100 * window.busy).toFixed(0)} %`,
    ...[50, 95].map((percent) => ms(percentile(window.modelsMs, percent))),
  ];
  const head = [
    '',
    'requests/s',
    'accepted/s',
    'finished/min',
    'slots in use',
    'processors',
    'models p50',
    'models p95',
  ];
  const [before, after] = idle.map((window) => ({ window }));
  return table(head, [
    ...(before ? [row('idle, before', before)] : []),
    ...rounds.map((round) => row(round.name, round)),
    ...(after ? [row('idle, after', after)] : []),
  ]);
}

/** Refusals of the open loop, by code. */
export function showRefusals(findings: Findings): string {
  const byCode = Map.groupBy(refusalsOf(findings), ({ code }) => `${code}`);
  const rows = [...byCode].map(([code, refusals]) => {
    const took = refusals.map(({ tookMs }) => tookMs);
    const after = refusals.map(({ retryAfterSeconds }) => retryAfterSeconds);
    return [
      ...[code, `${refusals.length}`, ms(percentile(took, 50)), ms(percentile(took, 95))],
      times(percentile(took, 95) / idleP95(findings)),
      [...new Set([Math.min(...after), Math.max(...after)])].join('–').concat(' s'),
    ];
  });
  return table(['refused with', 'how many', 'p50', 'p95', '× idle p95', 'Retry-After'], rows);
}

/** The last cell says `met` or `MISSED`. */
export function judge(findings: Findings): string[][] {
  const { rounds, load, outcome, gatewayMegabytes } = findings;
  const goodput = (isOpen: boolean) =>
    mean(rounds.filter((round) => round.isOpen === isOpen).map(({ finished }) => finished));
  const goodputPercent = (100 * goodput(true)) / goodput(false);
  const refusals = refusalsOf(findings);
  const tookMs = refusals.map((refusal) => refusal.tookMs);
  const meanwhile = rounds.filter(({ isOpen }) => isOpen).flatMap(({ window }) => window.modelsMs);
  const ratio = percentile(tookMs, 95) / idleP95(findings);
  const isUsable = ({ retryAfterSeconds, shouldRetry }: Create) =>
    shouldRetry && retryAfterSeconds >= 1 && retryAfterSeconds <= goals.retryAfterSeconds;
  const unusable = refusals.filter((refusal) => !isUsable(refusal)).length;
  const accepted = load.accepted.length;
  const { rows, succeeded, submits, usage } = outcome;
  const isExact = [rows, succeeded, submits, usage].every((count) => count === accepted);
  const mishaps = [...load.mishaps.values()].reduce((sum, count) => sum + count, 0);
  const wrong = mishaps + findings.complaints.length + findings.lostProcesses.length;
  return [
    [
      'goodput under overload, of the peak',
      percent(goodputPercent),
      `≥ ${goals.goodputPercent} %`,
      verdict(goodputPercent >= goals.goodputPercent),
    ],
    [
      'refusals, p95 over idle p95 of /v1/models',
      times(ratio),
      `≤ ${goals.refusalRatio} ×`,
      verdict(ratio <= goals.refusalRatio),
    ],
    ['the same over p95 of /v1/models meanwhile', times(percentile(tookMs, 95) / percentile(meanwhile, 95)), '', ''],
    [
      'refusals without a Retry-After that SDKs obey',
      `${unusable} of ${refusals.length}`,
      '0',
      verdict(refusals.length > 0 && unusable === 0),
    ],
    [
      'accepted, rows, succeeded, submits, usage',
      [accepted, rows, succeeded, submits, usage].join(', '),
      'all equal',
      verdict(isExact),
    ],
    [
      'not ended exactly once, submitted twice',
      `${outcome.notEndedOnce}, ${outcome.duplicates}`,
      '0, 0',
      verdict(findings.isDrained && outcome.notEndedOnce + outcome.duplicates === 0),
    ],
    ['other answers, unhandled rejections, lost processes', `${wrong}`, '0', verdict(wrong === 0)],
    [
      'memory of the gateway, before and after',
      gatewayMegabytes.map((value) => `${value.toFixed(0)} MB`).join(', '),
      '',
      '',
    ],
  ];
}

export function showJudged(rows: string[][]): string {
  return table(['', 'measured', 'goal', ''], rows);
}

/** What was used up at the peak. With no processor left slots are full as well, for they are freed late. */
export function limitOf({ rounds, slots }: Findings): string {
  const peak = rounds.filter(({ isOpen }) => !isOpen).map(({ window }) => window);
  if (mean(peak.map(({ busy }) => busy)) >= 0.95) return 'the processors, so that what is timed is who gets one';
  const used = mean(peak.flatMap((window) => window.slots)) / slots;
  return used >= 0.85 ? 'the slots of the accounts' : 'neither the slots of the accounts nor the processors';
}

function refusalsOf({ rounds, load }: Findings): Create[] {
  const open = rounds.filter(({ isOpen }) => isOpen).map(({ window }) => window);
  return load.creates.filter(({ code, at }) => code !== null && open.some(({ from, to }) => at >= from && at < to));
}

function idleP95({ idle }: Findings): number {
  return percentile(
    idle.flatMap(({ modelsMs }) => modelsMs),
    95,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

function times(value: number): string {
  return `${value.toFixed(1)} ×`;
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
