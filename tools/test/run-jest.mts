import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { leash } from '../infra/leash.mts';
import { cacheDir, root } from '../infra/paths.mts';
import { type Level, levelTimeoutMs, workersOf } from './levels.mts';

export interface JestRun {
  level: Level;
  /** A folder for its report. */
  folder: string;
  env: NodeJS.ProcessEnv;
  /** Patterns of test files that cannot run on this machine. */
  ignoredFiles: string[];
  extraArguments: string[];
  signal: AbortSignal;
}

export interface JestResult {
  passed: number;
  failed: number;
  skipped: number;
  /** What went wrong besides failed tests; each counts as a failure. */
  problems: string[];
}

const endTimeoutMs = 12_000;

/** Runs the tests of a level and returns when every process they have left behind is gone too. */
export async function runJest(run: JestRun): Promise<JestResult> {
  const report = path.join(run.folder, `${run.level}.json`);
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
  const problems: string[] = [];
  const code = await endInTime(child, ending, report, run.signal, problems);
  if (endGroup(child, 'SIGKILL')) problems.push('the tests have left processes behind; they were killed');
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
  child: ChildProcess,
  ending: Promise<number | null>,
  report: string,
  signal: AbortSignal,
  problems: string[],
): Promise<number | null> {
  const startedAt = performance.now();
  let reportedAt: number | undefined;
  for (;;) {
    const ended = await Promise.race([ending.then((code) => ({ code })), delay(250)]);
    if (ended) return ended.code;
    const now = performance.now();
    if (reportedAt === undefined && readJson(report)) reportedAt = now;
    if (signal.aborted) problems.push('interrupted');
    else if (now - startedAt > levelTimeoutMs) problems.push(`not done after ${levelTimeoutMs / 60_000} minutes`);
    else if (reportedAt !== undefined && now - reportedAt > endTimeoutMs) {
      problems.push('the tests are done, but something they have opened keeps the process alive');
    } else continue;
    endGroup(child, 'SIGINT');
    await Promise.race([ending, delay(endTimeoutMs)]);
    return null;
  }
}

/** True if there was anybody left in the child's process group. */
function endGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

interface JestReport {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
}

function readReport(file: string, code: number | null, problems: string[]): JestResult {
  const report = readJson(file);
  if (!report) {
    const reason = problems.length > 0 ? [] : [`Jest ended with code ${code} and no report`];
    return { passed: 0, failed: 0, skipped: 0, problems: [...problems, ...reason] };
  }
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  // For example a threshold, or an error after the last test.
  if (code !== 0 && failed === 0 && problems.length === 0) problems.push(`Jest ended with code ${code}`);
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests, problems };
}

/** Undefined while Jest has not written it, or not all of it. */
function readJson(file: string): JestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
}
