// `npm run bench:api`: how much of what a bare server does the gateway does, for the same insert and job, and for the same read; and how
// much later an authenticated route answers. In databases of its own, which are gone afterwards. Ends with 1 when a goal is missed.
import { rmSync } from 'node:fs';
import os from 'node:os';
import { temporaryFolder } from '../tools/infra/temporary-folder.mts';
import { buildAll } from '../tools/launcher/build.mts';
import { addedMs, mishapsOf, perSecond, showRounds } from './api/report.mts';
import type { Round, Side } from './api/rounds.mts';
import { argument } from './argument.mts';
import { table } from './table.mts';

const seconds = argument('--seconds', 4);
const rounds = argument('--rounds', 5);
const connections = argument('--connections', 16);
const goals = { createPercent: 50, retrievePercent: 40, addedP50Ms: 2, addedP99Ms: 6 };

await buildAll({ env: process.env, signal: new AbortController().signal });
const folder = temporaryFolder();
try {
  process.exitCode = await bench();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function bench(): Promise<number> {
  // Only now is there something to import.
  const { setStage } = await import('./api/stage.mts');
  const { runRounds } = await import('./api/rounds.mts');
  const machine = `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, ${process.platform}-${process.arch}`;
  console.log(`${machine}, Node ${process.version}, load before ${os.loadavg()[0]!.toFixed(1)}`);
  const stage = await setStage(folder);
  try {
    const plan = { rounds, roundMs: 1000 * seconds, connections };
    const create = await runRounds(stage, { ...plan, route: 'create' });
    console.log(`\nPOST /v1/videos, ${connections} connections\n${showRounds(create)}`);
    const retrieve = await runRounds(stage, { ...plan, route: 'retrieve' });
    console.log(`\nGET /v1/videos/{id}, ${connections} connections\n${showRounds(retrieve)}`);
    const light = await runRounds(stage, { ...plan, route: 'light', connections: 1 });
    console.log(`\nGET /v1/models/{model}, 1 connection\n${showRounds(light)}`);
    const sizes = await rowSizes(stage.database);
    const mishaps = mishapsOf([...create, ...retrieve, ...light]);
    for (const mishap of mishaps.slice(0, 10)) console.log(mishap);
    const judged = judge({ create, retrieve, light }, mishaps.length);
    console.log(`\n${table(['', 'measured', 'goal', ''], judged)}`);
    console.log(
      `\nMethod: bare is Fastify, one INSERT and one BullMQ add (or one SELECT by primary key; or nothing), pg with prepared statements and 15
connections as the gateway. ${rounds} rounds of ${seconds} s of each in turn, the first moments not counted; medians of rounds, latencies of all their answers.
Closed loop from a process of its own, every prompt another. Before each round of POST all rows are removed and a checkpoint is made; one
account without slots, so that everything waits; what is read waits, too. Row of a generation ${sizes}. The limited key has
a rate, a quota of day and month and a limit of its own, none of which is reached. Server, postgres, redis: processor time per answer.
PostgreSQL syncs every commit, Redis writes every second. The gateway logs every request to a file. Load after ${os.loadavg()[0]!.toFixed(1)}.`,
    );
    return judged.some((row) => row.at(-1) === 'MISSED') ? 1 : 0;
  } finally {
    await stage.stop();
  }
}

function judge(of: Record<'create' | 'retrieve' | 'light', Round[]>, mishaps: number): string[][] {
  const part = (done: Round[], goal: number, what: string, side: Side = 'gateway') => {
    const percent = (100 * perSecond(done, side)) / perSecond(done, 'bare');
    return [what, `${percent.toFixed(0)} %`, `≥ ${goal} %`, verdict(percent >= goal)];
  };
  const added = (percent: number, goal: number, side: Side, what: string) => {
    const ms = addedMs(of.light, side, percent);
    return [`added latency, p${percent}${what}`, `${ms.toFixed(2)} ms`, `≤ ${goal} ms`, verdict(ms <= goal)];
  };
  return [
    part(of.create, goals.createPercent, 'POST /v1/videos, of bare'),
    part(of.retrieve, goals.retrievePercent, 'GET /v1/videos/{id}, of bare'),
    ...(['gateway', 'gateway, limited key'] as const).flatMap((side) => {
      const what = side === 'gateway' ? '' : ' (limited key)';
      return [added(50, goals.addedP50Ms, side, what), added(99, goals.addedP99Ms, side, what)];
    }),
    ['other answers than 200', `${mishaps}`, '0', verdict(mishaps === 0)],
  ];
}

async function rowSizes(database: {
  query(text: string): Promise<{ rows: Record<string, string>[] }>;
}): Promise<string> {
  const { rows } = await database.query(
    `SELECT (SELECT round(avg(pg_column_size(one.*))) FROM generation AS one) AS ours,
       (SELECT round(avg(pg_column_size(one.*))) FROM bare_generation AS one) AS bare`,
  );
  return `${rows[0]?.ours} bytes, of bare's ${rows[0]?.bare}`;
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'MISSED';
}
