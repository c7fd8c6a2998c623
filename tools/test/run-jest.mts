import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { leash } from '../infra/leash.mts';
import { cacheDir, root } from '../infra/paths.mts';
import { type Level, levelTimeoutMs, workersOf } from './levels.mts';
import { ProcessGroup } from './process-group.mts';

export interface JestRun {
  level: Level;
  /** A folder for its report. */
  folder: string;
  env: NodeJS.ProcessEnv;
  /** Patterns of test files that cannot run on this machine. */
  ignoredFiles: string[];
  extraArguments: string[];
  signal: AbortSignal;
  /** Without it, what no level takes. */
  timeoutMs?: number;
}

export interface JestResult {
  passed: number;
  failed: number;
  skipped: number;
  /** Names of the failed tests. */
  failures: string[];
  /** What went wrong besides failed tests; each counts as a failure. */
  problems: string[];
}

const endTimeoutMs = 12_000;

/** Runs the tests of a level and returns when every process they have left behind is gone too. */
export async function runJest(run: JestRun): Promise<JestResult> {
  const report = path.join(run.folder, `${run.level}.json`);
  // That of an earlier run of the level would be taken for this one's.
  rmSync(report, { force: true });
  const [file = '', ...args] = [...leash('TERM'), process.execPath, ...jestArguments(run, report)];
  // A process group of its own, so that the databases outlive the tests on Ctrl-C, and everything in it can be ended together.
  const child = spawn(file, args, {
    cwd: root,
    env: { ...run.env, TEST_LEVEL: run.level },
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ending = new Promise<number | null>((resolve) =>
    child.once('exit', resolve).once('error', () => resolve(null)),
  );
  const group = new ProcessGroup(child.pid ?? 0);
  const { code, problem } = await endInTime(group, ending, report, run);
  const problems = problem === undefined ? [] : [problem];
  if (!(await group.isEmptyWithin(run.signal.aborted ? endTimeoutMs : 2_000))) {
    problems.push(`the tests have left processes behind, which were killed: ${group.members().join(', ')}`);
    group.signal('SIGKILL');
  }
  return readReport(report, code, problems);
}

function jestArguments({ level, ignoredFiles, extraArguments }: JestRun, report: string): string[] {
  return [
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    // First: a pattern behind an option that takes a list would be read as part of the list.
    ...extraArguments,
    ...['--json', `--outputFile=${report}`, '--passWithNoTests', '--watchman=false'],
    `--cacheDirectory=${path.join(cacheDir, 'jest')}`,
    `--maxWorkers=${workersOf(level)}`,
    ...['/node_modules/', ...ignoredFiles].map((pattern) => `--testPathIgnorePatterns=${pattern}`),
  ];
}

/** Waits for Jest to end; ends it on interruption, when it hangs, and when open handles keep it alive after its report. */
async function endInTime(
  group: ProcessGroup,
  ending: Promise<number | null>,
  report: string,
  { signal, timeoutMs = levelTimeoutMs }: Pick<JestRun, 'signal' | 'timeoutMs'>,
): Promise<{ code: number | null; problem?: string }> {
  const startedAt = performance.now();
  let reportedAt: number | undefined;
  for (;;) {
    const ended = await Promise.race([ending.then((code) => ({ code })), delay(250)]);
    if (ended) return ended;
    if (reportedAt === undefined && readJson(report)) reportedAt = performance.now();
    const isLate = performance.now() - startedAt > timeoutMs;
    const problem = reasonToEnd(signal, isLate ? timeoutMs : undefined, reportedAt);
    if (problem === undefined) continue;
    group.signal('SIGINT');
    await Promise.race([ending, delay(endTimeoutMs)]);
    return { code: null, problem };
  }
}

function reasonToEnd(
  signal: AbortSignal,
  missedMs: number | undefined,
  reportedAt: number | undefined,
): string | undefined {
  if (signal.aborted) return 'interrupted';
  if (missedMs !== undefined) return `not done after ${missedMs / 60_000} minutes`;
  if (reportedAt === undefined || performance.now() - reportedAt < endTimeoutMs) return undefined;
  return 'the tests are done, but something they have opened keeps the process alive';
}

interface JestReport {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { status: string; fullName: string }[] }[];
}

function readReport(file: string, code: number | null, problems: string[]): JestResult {
  const report = readJson(file);
  if (!report) {
    const reason = problems.length > 0 ? [] : [`Jest ended with code ${code} and no report`];
    return { passed: 0, failed: 0, skipped: 0, failures: [], problems: [...problems, ...reason] };
  }
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  // For example a threshold, or an error after the last test.
  if (code !== 0 && failed === 0 && problems.length === 0) problems.push(`Jest ended with code ${code}`);
  const skipped = report.numPendingTests + report.numTodoTests;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failures = results.flatMap(({ status, fullName }) => (status === 'failed' ? [fullName] : []));
  return { passed: report.numPassedTests, failed, skipped, failures, problems };
}

/** Undefined while Jest has not written it, or not all of it. */
function readJson(file: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
}
