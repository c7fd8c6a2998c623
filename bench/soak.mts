// `npm run bench:soak -- --minutes 15`: mixed load on a whole stack in a data folder of its own, and how the memory and the handles of
// each process go meanwhile. Ends with 1 when something grows, a process was lost, a rejection was unhandled or work failed.
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { buildAll } from '../tools/launcher/build.mts';
import { argument } from './argument.mts';
import { type Course, sampleProcess } from './soak/course.mts';
import { judge } from './soak/judge.mts';
import { inspectable, LiveHeap } from './soak/live-heap.mts';
import { giveQuota, runLoad } from './soak/load.mts';
import { type Stack, startStack } from './stack.mts';
import { table } from './table.mts';

const minutes = argument('--minutes', 15);
const clients = argument('--clients', 12);
const sampleMs = 2_000;
/** A collection takes some tens of milliseconds of the process. */
const heapEveryMs = 20_000;
/** In which caches fill and code is compiled: not counted. */
const warmUpMs = Math.max(30_000, minutes * 20_000);

console.log(`${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}`);
console.log(`${minutes} minutes, ${clients} clients at once; counted after ${Math.round(warmUpMs / 1000)} s\n`);
await buildAll({ env: process.env, signal: new AbortController().signal });
const stack = await startStack({
  SIMULATOR_RENDER_MS: '1500',
  // Full before anything is counted: what it remembers by default would grow for hours.
  SIMULATOR_REMEMBERS: '80',
  ...inspectable,
});
try {
  process.exitCode = await soak(stack);
} finally {
  await stack.stop();
}

async function soak({ run, complaints, lostProcesses, stop }: Stack): Promise<number> {
  const over = new AbortController();
  const course: Course = new Map();
  const sampling = sample(course, run.pids, over.signal);
  await giveQuota(run);
  const done = await runLoad(run, { clients, endsAt: Date.now() + minutes * 60_000 });
  over.abort();
  await sampling;
  const lost = lostProcesses();
  await stop();

  const judged = judge(course, warmUpMs);
  console.log(
    table(
      ['process', 'occupied at the end', 'its slope', 'slope of the live heap', 'handles', 'threads', ''],
      judged.rows,
    ),
  );
  console.log(
    `\n${table(
      ['work', 'how often', 'failed'],
      done.map(({ what, count, failed }) => [what, `${count}`, `${failed}`]),
    )}`,
  );
  for (const line of complaints.slice(0, 10)) console.log(line);
  console.log(
    `\nunhandled rejections and the like: ${complaints.length}; processes lost: ${lost.join(', ') || 'none'}`,
  );
  console.log(
    `Method: Pss of /proc/*/smaps_rollup and entries of /proc/*/fd every ${sampleMs / 1000} s; slope by least squares over means of
20 s, which are less correlated than samples, its standard error from the residuals. The live heap is what is left after a collection that is
forced every ${heapEveryMs / 1000} s. "grows": its slope is above 0.1 MB/min and above three standard errors (without a heap: that of what is occupied, above
0.5 MB/min), or there were more handles at every moment of the last third than at any of the first.`,
  );
  const failed = done.reduce((sum, work) => sum + work.failed, 0);
  return judged.grows.length === 0 && complaints.length === 0 && lost.length === 0 && failed === 0 ? 0 : 1;
}

async function sample(course: Course, pids: Record<string, number>, signal: AbortSignal): Promise<void> {
  const startedAt = Date.now();
  const heaps = new Map<string, LiveHeap>();
  for (const [name, pid] of Object.entries(pids)) {
    const heap = await LiveHeap.open(pid);
    if (heap) heaps.set(name, heap);
  }
  for (let round = 0; !signal.aborted; round += 1) {
    const isHeapRound = round % (heapEveryMs / sampleMs) === 0;
    for (const [name, pid] of Object.entries(pids)) {
      const seen = sampleProcess(pid);
      if (!seen) continue;
      const liveBytes = isHeapRound ? await heaps.get(name)?.read() : undefined;
      const sample = { ...seen, atMs: Date.now() - startedAt, ...(liveBytes !== undefined && { liveBytes }) };
      course.set(name, [...(course.get(name) ?? []), sample]);
    }
    await delay(sampleMs, undefined, { signal }).catch(() => undefined);
  }
  for (const heap of heaps.values()) heap.close();
}
