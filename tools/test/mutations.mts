/** Runs the breaking suite against code that is broken on purpose: a run that passes is the failure here. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../infra/paths.mts';
import { type JestResult, type JestRun, runJest } from './run-jest.mts';

/** As tools/test/mutate.mts names them, with what they break. */
const mutations = {
  'sent-after-the-request': '`sent` is committed after the request instead of before it',
  'slot-freed-on-worker-death': 'slots are freed when a worker dies',
  'settle-time-zero': 'an unknown submit counts as absent without a settling time',
  'no-turn-per-token': 'submits of one account take no turns',
} as const;

const [begin, end] = ['<!-- mutations: written by the runner -->', '<!-- end of the mutations -->'];

export async function runMutations(jest: JestRun): Promise<JestResult> {
  const total: JestResult = { passed: 0, failed: 0, skipped: 0, failures: [], problems: [] };
  const rows: string[] = [];
  for (const [name, meaning] of Object.entries(mutations)) {
    jest.signal.throwIfAborted();
    console.log(`\nwith ${name}: failures are what is wanted`);
    const result = await runJest({ ...jest, env: { ...jest.env, FAULT_MUTATION: name } });
    // Where nothing passed the run itself broke, and that shows nothing.
    const isCaught = result.failures.length > 0 && result.passed > 0 && result.problems.every(isExitCode);
    if (isCaught) total.passed += 1;
    else total.problems.push(`the suite did not notice ${name}: ${result.problems.join(', ') || 'no test failed'}`);
    rows.push(`| ${meaning} | ${isCaught ? result.failures.join('; ') : '**not noticed**'} |`);
  }
  writeTable(rows);
  return total;
}

function isExitCode(problem: string): boolean {
  return /^Jest ended with code/.test(problem);
}

function writeTable(rows: readonly string[]): void {
  const file = path.join(root, 'docs', 'reliability.md');
  const document = readFileSync(file, 'utf8');
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/reliability.md has lost its marks ${begin} and ${end}: put them back`);
  const table = ['| broken on purpose | tests that fail |', '| --- | --- |', ...rows].join('\n');
  writeFileSync(file, `${document.slice(0, from + begin.length)}\n\n${table}\n\n${document.slice(to)}`);
}
