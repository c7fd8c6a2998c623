// `npm run bench:pow`: how many numbers are tried per second, by this repository's core and by what one would use otherwise, and
// whether the main thread notices. All take turns in five rounds, so that whatever else the machine does hits them alike.
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import type { Contestant } from './pow/contestants.mts';
import { askedEveryMs, type Result, takeTurns } from './pow/rounds.mts';
import { table } from './table.mts';

const root = path.join(import.meta.dirname, '..');
const rounds = 5;

build();
process.exitCode = await bench();
process.disconnect?.();

async function bench(): Promise<number> {
  // Only now is there something to import.
  const { checkHashlib, core, cores, hashlib, memoryOfThread, nodeCrypto, nothing } = await import(
    './pow/contestants.mts'
  );
  const load = os.loadavg()[0]!.toFixed(1);
  const machine = `${os.cpus()[0]?.model.trim()}, ${cores} cores, ${process.platform}-${process.arch}`;
  console.log(`${machine}, Node ${process.version}, load before the first round ${load}`);
  await checkHashlib();
  const threadMegabytes = (await memoryOfThread()) / 1024 ** 2;

  const one = core('this core', { threads: 1 });
  const two = core('this core', { threads: 2 });
  const all = cores > 2 ? core('this core', { threads: cores }) : two;
  const scalar = core('scalar core', { threads: 1, engine: 'scalar' });
  const searching = [...new Set([one, two, all, scalar, nodeCrypto, hashlib])];
  const results = await takeTurns([...searching, nothing], rounds);
  await Promise.all(searching.map((contestant) => contestant.close?.()));

  const over = (left: Contestant, right: Contestant) => ratio(results.get(left), results.get(right));
  const rows = searching.map((contestant) => [
    contestant.name,
    shown(results.get(contestant)?.rate, 0),
    shown(over(contestant, hashlib), 2),
    shown(over(contestant, nodeCrypto), 2),
  ]);
  console.log(`\n${table(['', 'tries/s', '× hashlib', '× node:crypto'], rows)}`);

  const delayMs = results.get(all)!.delayMs;
  const goals: Goal[] = [
    { what: '1 thread, × hashlib', value: over(one, hashlib), atLeast: 1.7 },
    { what: '2 threads, × hashlib', value: over(two, hashlib), atLeast: 3.2 },
    { what: '1 thread, × scalar core', value: over(one, scalar), atLeast: 1.2 },
    { what: `event-loop delay in ms, p99, ${cores} threads searching`, value: delayMs, below: 10 },
  ];
  console.log(`\n${table(['this core', 'measured', 'goal', ''], goals.map(judged))}`);
  console.log(
    `\nThe same delay while nothing is searched: ${results.get(nothing)!.delayMs.toFixed(1)} ms. ` +
      `Resident memory of a thread that has searched: ${threadMegabytes.toFixed(0)} MB.`,
  );
  console.log(
    `\nMethod: the profile and the seed of the reference vector that has no proof, so that every number is tried. The cores do all
500 000 through the solver and its threads, hashlib and node:crypto the first 100 000; each try is the whole work: JSON with the number
and its half in place, base64, SHA3-512 over seed and base64, comparison. hashlib does it as a plain client does, with the three constant
pieces of the JSON made beforehand; node:crypto is the reference in packages/pow/src/solve.ts. Median of ${rounds} rounds in which all take
turns, after one that is not counted; wall clock. Delay: from one turn of the main thread's event loop to the next when asked for every
${askedEveryMs} ms, so ${askedEveryMs} ms is none at all.`,
  );
  return goals.some(({ value, ...limits }) => value !== undefined && !isWithin(value, limits)) ? 1 : 0;
}

interface Limits {
  atLeast?: number;
  below?: number;
}

interface Goal extends Limits {
  what: string;
  value: number | undefined;
}

function judged({ what, value, ...limits }: Goal): string[] {
  const verdict = value === undefined ? 'not measured: no python3 here' : isWithin(value, limits) ? 'met' : 'MISSED';
  const limit = limits.below === undefined ? `≥ ${limits.atLeast}` : `< ${limits.below}`;
  return [what, shown(value, 2), limit, verdict];
}

function isWithin(value: number, { atLeast = 0, below = Number.POSITIVE_INFINITY }: Limits): boolean {
  return value >= atLeast && value < below;
}

function ratio(left: Result | undefined, right: Result | undefined): number | undefined {
  return left?.rate === undefined || right?.rate === undefined ? undefined : left.rate / right.rate;
}

function shown(value: number | undefined, decimals: number): string {
  if (value === undefined) return '–';
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function build(): void {
  const { status, error } = spawnSync('turbo', ['run', 'build', '--filter=@reelay/pow', '--output-logs=errors-only'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`@reelay/pow could not be built${error ? ` (${error.message})` : ''}.`);
}
