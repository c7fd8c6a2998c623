// `npm test`, `npm test -- integration e2e`, `npm run test:unit -- -- --testNamePattern=slot`: builds, starts databases that exist
// for this run only, and runs the levels named (all without a name). What stands after a second `--` goes to Jest.
// `npm run test:faults -- --injections 300 --seed 7 --shrink` and `-- --mutations` run the breaking suite alone, see test/breaking.mts.
// The last line is `N passed, N failed`; the exit code is 0 only when tests ran and none failed.

import { buildAll } from './launcher/build.mts';
import { listenForInterruption } from './launcher/interruption.mts';
import { type Breaking, readBreaking } from './test/breaking.mts';
import { type Level, levelMeaning, levels } from './test/levels.mts';
import { runMutations } from './test/mutations.mts';
import { findRequirements, type Requirement } from './test/requirements.mts';
import { type JestResult, runJest } from './test/run-jest.mts';
import { makeSurroundings } from './test/surroundings.mts';

const isStrict = process.env.CI === 'true';
const interruption = new AbortController();
listenForInterruption({ end: () => interruption.abort(), endNow: () => process.exit(130) });

const total = { passed: 0, failed: 0, skipped: 0 };
try {
  const { breaking, rest } = readBreaking(process.argv.slice(2));
  const { chosen, extraArguments } = readCommandLine(rest);
  await run(chosen, [...extraArguments, ...(breaking?.jestArguments ?? [])], breaking);
} catch (error) {
  fail(interruption.signal.aborted ? 'interrupted' : (error as Error).message);
}
if (total.skipped > 0) {
  const text = `${total.skipped} tests are marked to be skipped`;
  if (isStrict) fail(text);
  else console.log(text);
}
if (total.passed + total.failed === 0) console.log('No test ran.');
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function readCommandLine(args: string[]): { chosen: Level[]; extraArguments: string[] } {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const names = args.slice(0, end);
  const unknown = names.filter((name) => !levels.some((level) => level === name));
  if (unknown.length > 0) {
    throw new Error(`There is no test level "${unknown.join('", "')}". Choose from ${levels.join(', ')}.`);
  }
  const chosen = names.length === 0 ? levels : levels.filter((level) => names.includes(level));
  return { chosen: [...chosen], extraArguments: args.slice(end + 1) };
}

async function run(chosen: Level[], extraArguments: string[], breaking?: Breaking): Promise<void> {
  const requirements = findRequirements(chosen);
  const missing = requirements.filter(({ program }) => program === undefined);
  const runnable = chosen.filter((level) => !missing.some((needed) => needed.level === level && !needed.files));
  await timed('build', () => buildAll({ env: process.env, signal: interruption.signal, onWait: tellToWait }));
  const surroundings = await timed('databases', () => makeSurroundings(runnable.some((level) => level !== 'unit')));
  try {
    const env = { ...surroundings.env, ...Object.fromEntries(requirements.map(asVariable)), ...breaking?.env };
    const ignoredFiles = missing.flatMap(({ files }) => files ?? []);
    for (const level of runnable) {
      console.log(`\n${level}: ${levelMeaning[level]}`);
      const jest = {
        level,
        folder: surroundings.folder,
        env,
        ignoredFiles,
        extraArguments,
        signal: interruption.signal,
        ...(breaking && { timeoutMs: breaking.timeoutMs }),
      };
      const runs = breaking?.withMutations ? () => runMutations(jest) : () => runJest(jest);
      const result = await timed(level, runs);
      interruption.signal.throwIfAborted();
      count(level, result);
    }
  } finally {
    await surroundings.remove();
  }
  for (const requirement of missing) tellMissing(requirement, chosen);
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  interruption.signal.throwIfAborted();
  const begin = performance.now();
  const result = await work();
  console.log(`${name.padEnd(12)} ${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s`);
  return result;
}

function tellToWait(): void {
  console.log('waiting for another build in this folder …');
}

function asVariable({ variable, program }: Requirement): [string, string | undefined] {
  return [variable, program];
}

function count(level: Level, result: JestResult): void {
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
  for (const problem of result.problems) fail(`${level}: ${problem}`);
}

function tellMissing({ level, without, isOptional }: Requirement, chosen: Level[]): void {
  if (!chosen.includes(level)) return;
  if (isStrict && !isOptional) fail(`not run: ${without}`);
  else console.log(`not run: ${without}`);
}

function fail(reason: string): void {
  total.failed += 1;
  console.log(`FAILED  ${reason}`);
}
