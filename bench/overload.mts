// `npm run bench:overload -- --seconds 30`: what three times as many requests as can be done cost those that are accepted, and how long
// the refusal of the others takes, on a whole stack in a data folder of its own. Ends with 1 when a goal is missed.
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Client as Database } from 'pg';
import { buildAll } from '../tools/launcher/build.mts';
import { argument } from './argument.mts';
import { countIn, countOutcome } from './overload/count.mts';
import { Load } from './overload/load.mts';
import { type Findings, judge, limitOf, type Round, showJudged, showRefusals, showRounds } from './overload/report.mts';
import { type Watched, watch } from './overload/window.mts';
import { percentile } from './percentile.mts';
import { sampleProcess } from './soak/course.mts';
import { type Stack, startStack } from './stack.mts';

const seconds = argument('--seconds', 30);
const accounts = argument('--accounts', 4);
const slotsEach = argument('--slots', 3);
const renderMs = argument('--render-ms', 2_000);
const times = 3;
const slots = accounts * slotsEach;
/** So many that no slot is ever free for want of work, and no more: what waits longer only gets older. */
const limits = { accounts, slots: slotsEach, open: 3 * slots, openPerKey: 2 * slots };
const idleMs = 6_000;
const settleMs = 8_000;

console.log(`${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}`);
console.log(
  `${accounts} accounts with ${slotsEach} slots, a render takes ${renderMs / 1000} s; load of the machine before ${loadOfMachine()}\n`,
);
await buildAll({ env: process.env, signal: new AbortController().signal });
const stack = await startStack({ SIMULATOR_RENDER_MS: `${renderMs}` });
try {
  const findings = await overload(stack);
  // What is said on the way out counts, too.
  await stack.stop();
  const judged = judge(findings);
  console.log(`${showRounds(findings)}\n\n${showRefusals(findings)}\n\n${showJudged(judged)}\n`);
  for (const [mishap, count] of [...findings.load.mishaps].slice(0, 10)) console.log(`${count} × ${mishap}`);
  console.log(
    `Method: in turn, each ${seconds} s after ${settleMs / 1000} s that are not counted: ${limits.open} clients, each asking for its next video when it has the one before
(admission.open ${limits.open}, admission.openPerKey ${limits.openPerKey}, two thirds of the clients with one key), then requests by chance at ${times} × the rate that
got finished so, four fifths of them with that key. The limit at the peak: ${limitOf(findings)}. Whoever was accepted
reads its video every 2 s in both. Durations from the request to the last byte of its answer; requests of the open loop were sent
${percentile(findings.load.lateMs, 95).toFixed(1)} ms late (p95). GET /v1/models one after another. Processors: of the machine, whoever used them, the load itself included.
Load of the machine after ${loadOfMachine()}.`,
  );
  process.exitCode = judged.some((row) => row.at(-1) === 'MISSED') ? 1 : 0;
} finally {
  await stack.stop();
}

async function overload(stack: Stack): Promise<Findings> {
  const { run, complaints } = stack;
  // Only now is there something to import.
  const { prepare } = await import('./overload/prepare.mts');
  const database = new Database({ connectionString: run.databaseUrl });
  await database.connect();
  try {
    const { flooding, other } = await prepare(stack, database, limits);
    const watched: Watched = { client: other, database };
    const megabytes = () => (sampleProcess(run.pids.gateway ?? 0)?.pssBytes ?? Number.NaN) / 1024 ** 2;
    // What is compiled on first use is compiled before anything counts.
    await watch(watched, { forMs: idleMs, everyMs: 5 });
    const idle = [await watch(watched, { forMs: idleMs, everyMs: 20 })];
    const before = megabytes();

    const load = new Load();
    const rounds: Round[] = [];
    let isDrained = false;
    for (let no = 1; no <= 2; no += 1) {
      const peak = await round(watched, load, `as fast as it goes, ${no}`, (signal) => {
        load.closed(
          [
            { client: flooding, count: limits.openPerKey },
            { client: other, count: limits.open - limits.openPerKey },
          ],
          signal,
        );
      });
      rounds.push({ ...peak, isOpen: false });
      const rate = times * peak.finished;
      const open = await round(watched, load, `${times} × as much, ${no}`, (signal) => {
        void load.open(
          [
            { client: flooding, count: 4 },
            { client: other, count: 1 },
          ],
          rate,
          signal,
        );
      });
      rounds.push({ ...open, isOpen: true });
      // Otherwise what these have left would keep the clients of the next round out.
      isDrained = await load.drain(60_000 + 20 * renderMs);
    }
    const after = megabytes();
    idle.push(await watch(watched, { forMs: idleMs, everyMs: 20 }));
    return {
      ...{ idle, rounds, slots, load, isDrained, gatewayMegabytes: [before, after] },
      outcome: await countOutcome(database, run),
      ...{ complaints, lostProcesses: stack.lostProcesses() },
    };
  } finally {
    await database.end();
  }
}

async function round(
  watched: Watched,
  load: Load,
  name: string,
  begin: (signal: AbortSignal) => void,
): Promise<Omit<Round, 'isOpen'>> {
  const over = new AbortController();
  begin(over.signal);
  await delay(settleMs);
  const window = await watch(watched, { forMs: seconds * 1000, everyMs: 150 });
  over.abort();
  const { accepted, finished } = await countIn(watched.database, window);
  const perSecond = (count: number) => (1000 * count) / (window.to - window.from);
  const offered = load.creates.filter(({ at }) => at >= window.from && at < window.to).length;
  return { name, window, offered: perSecond(offered), accepted: perSecond(accepted), finished: perSecond(finished) };
}

function loadOfMachine(): string {
  return os.loadavg()[0]!.toFixed(1);
}
