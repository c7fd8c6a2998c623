/** One server and all its streams: what they take, and how soon what is committed is with them. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LiveHeap } from '../soak/live-heap.mts';
import { type Child, now } from './child.mts';
import type { Arrivals, ClientsAnswers, ClientsQuestions } from './clients.mts';
import type { Contestant } from './contestants.mts';
import type { Task } from './rows.mts';
import type { WriterAnswers, WriterQuestions, Written } from './writer.mts';

export interface RoundOptions {
  contestant: Contestant;
  clients: Child<ClientsQuestions, ClientsAnswers>;
  writer: Child<WriterQuestions, WriterAnswers>;
  /** What is watched, one stream each. */
  tasks: readonly Task[];
  keys: readonly string[];
  /** The last seq of every generation. */
  seqs: Map<string, number>;
  perSecond: number;
  seconds: number;
}

export interface Memory {
  rssBytes: number;
  /** Of the main thread after a collection: objects, and what they hold beside the heap. */
  liveBytes: number;
  externalBytes: number;
}

export interface Round {
  name: string;
  streams: number;
  openMs: number;
  /** Before the first stream of the process, without a stream after some, with all of them, and with all of them after the events. */
  memory: { cold: Memory; empty: Memory; open: Memory; after: Memory };
  /** Commit to socket, from when COMMIT was sent and from when it was answered. */
  sentMs: number[];
  answeredMs: number[];
  written: Written;
  perSecond: number;
  /** Events that were committed and did not come, and those that came twice or too early. */
  lost: number;
  disordered: number;
  ended: number;
  /** Processor time of the server per second of the events. */
  busy: number;
  complaints: string[];
}

export const warmSeconds = 3;
export const warmStreams = 500;
export const settleMs = 3_000;
const arriveMs = 15_000;

export async function runRound(options: RoundOptions): Promise<Round> {
  const { contestant, clients, writer, tasks, perSecond, seconds } = options;
  const heap = await LiveHeap.open(contestant.pid);
  if (!heap) throw new Error(`process ${contestant.pid} is no Node process`);
  const cold = await settledMemory(heap);
  // What is compiled and made on first use is there before anything else counts.
  await open(options, tasks.slice(0, warmStreams));
  note(options, await writer.ask('write', { perSecond, seconds: warmSeconds }));
  await clients.ask('close', undefined);
  const empty = await settledMemory(heap);

  const { tookMs: openMs } = await open(options, tasks);
  const full = await settledMemory(heap);
  const before = new Map(options.seqs);
  await clients.ask('take', undefined);
  const [beganAt, usedBefore] = [now(), processorMs(contestant.pid)];
  const written = await writer.ask('write', { perSecond, seconds });
  const tookMs = now() - beganAt;
  const busy = (processorMs(contestant.pid) - usedBefore) / tookMs;
  note(options, written);
  const arrivals = await collect(options, written);
  const after = await settledMemory(heap);
  heap.close();
  await clients.ask('close', undefined);
  return {
    ...{ name: contestant.name, streams: tasks.length, openMs, memory: { cold, empty, open: full, after } },
    ...compare({ tasks, written, arrivals, before }),
    ...{ written, perSecond: (1000 * written.seqs.length) / tookMs, busy, complaints: contestant.complaints },
  };
}

function open({ contestant, clients, keys, seqs }: RoundOptions, tasks: readonly Task[]) {
  const streams = tasks.map(({ generationId }, no) => ({
    path: contestant.pathOf(generationId, seqs.get(generationId) ?? 0),
    key: keys[no % keys.length] ?? '',
  }));
  return clients.ask('open', { port: contestant.port, streams });
}

function note({ seqs }: RoundOptions, { generationIds, seqs: written }: Written): void {
  for (const [no, generationId] of generationIds.entries()) seqs.set(generationId, written[no] ?? 0);
}

/** What is still on its way may come later than everything allows, and is waited for. */
async function collect({ clients }: RoundOptions, { seqs }: Written): Promise<Arrivals> {
  const all: Arrivals = { streams: [], seqs: [], atMs: [], ended: 0 };
  for (const giveUpAt = now() + arriveMs; now() < giveUpAt && all.seqs.length < seqs.length; await delay(200)) {
    const more = await clients.ask('take', undefined);
    all.streams = all.streams.concat(more.streams);
    all.seqs = all.seqs.concat(more.seqs);
    all.atMs = all.atMs.concat(more.atMs);
    all.ended += more.ended;
  }
  return all;
}

interface Compared {
  tasks: readonly Task[];
  written: Written;
  arrivals: Arrivals;
  before: ReadonlyMap<string, number>;
}

function compare({ tasks, written, arrivals, before }: Compared) {
  const cursors = tasks.map(({ generationId }) => before.get(generationId) ?? 0);
  const cameAt = new Map<string, number>();
  let disordered = 0;
  for (const [no, stream] of arrivals.streams.entries()) {
    const seq = arrivals.seqs[no] ?? 0;
    if (seq !== (cursors[stream] ?? 0) + 1) disordered += 1;
    cursors[stream] = seq;
    cameAt.set(`${tasks[stream]?.generationId} ${seq}`, arrivals.atMs[no] ?? 0);
  }
  const came = written.generationIds.map((generationId, no) => cameAt.get(`${generationId} ${written.seqs[no]}`));
  const since = (moments: number[]) =>
    came.flatMap((atMs, no) => (atMs === undefined ? [] : [atMs - (moments[no] ?? 0)]));
  const lost = came.filter((atMs) => atMs === undefined).length;
  return {
    ...{ sentMs: since(written.beforeMs), answeredMs: since(written.afterMs) },
    ...{ lost, disordered, ended: arrivals.ended },
  };
}

async function settledMemory(heap: LiveHeap): Promise<Memory> {
  await delay(settleMs);
  // What the first collection lets go of (sockets, finalizers) the second one finds.
  await heap.usage();
  await delay(settleMs);
  const usage = await heap.usage();
  if (!usage) throw new Error('the server is gone');
  return { rssBytes: usage.rss, liveBytes: usage.heapUsed, externalBytes: usage.external };
}

/** Of the whole process, its other threads included; the kernel counts in hundredths of a second. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
