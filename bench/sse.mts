// `npm run bench:sse -- --streams 5000 --seconds 30`: what a watched generation costs the gateway, and how soon what the worker commits is
// with its client, beside a bare server with the same streams. Ends with 1 when a goal is missed.
import { readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../tools/infra/postgres.mts';
import { startRedis } from '../tools/infra/redis.mts';
import { temporaryFolder } from '../tools/infra/temporary-folder.mts';
import { buildAll } from '../tools/launcher/build.mts';
import { migrate } from '../tools/migrate.mts';
import { argument } from './argument.mts';
import { percentile } from './percentile.mts';
import { startChild } from './sse/child.mts';
import type { ClientsAnswers, ClientsQuestions } from './sse/clients.mts';
import { judge, showJudged, showRounds } from './sse/report.mts';
import { runRound, settleMs, warmSeconds, warmStreams } from './sse/round.mts';
import type { WriterAnswers, WriterQuestions } from './sse/writer.mts';

const streams = argument('--streams', 5_000);
const perSecond = argument('--events', 1_000);
const seconds = argument('--seconds', 30);
const tasksEach = argument('--tasks', 10);
/** What a gateway allows one key. */
const streamsOfKey = 1_000;

const files = Number(/^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
if (files < streams + 500) {
  console.error(
    `A process may open ${files} files here, ${streams} streams need ${streams + 500}: raise it (ulimit -n).`,
  );
  process.exit(1);
}
// Progress of one generation goes from 0 to 99, in both rounds and their beginnings together.
if ((2 * (seconds + warmSeconds) * perSecond) / streams > 99) {
  console.error(
    `${seconds} s of ${perSecond} events are more than ${streams} generations can tell: fewer seconds, or more streams.`,
  );
  process.exit(1);
}
await buildAll({ env: process.env, signal: new AbortController().signal });
const folder = temporaryFolder();
const stops: (() => Promise<void>)[] = [];
try {
  process.exitCode = await bench();
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(folder, { recursive: true, force: true });
}

async function bench(): Promise<number> {
  // Only now is there something to import.
  const { newSecret } = await import('@reelay/platform/keys');
  const { startBare, startGateway } = await import('./sse/contestants.mts');
  const { insertRows } = await import('./sse/rows.mts');
  const machine = `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, ${process.platform}-${process.arch}`;
  console.log(`${machine}, Node ${process.version}, load before ${loadOfMachine()}`);

  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), durable: true });
  stops.push(postgres.stop);
  const redis = await startRedis({ dataDir: path.join(folder, 'redis'), durable: false });
  stops.push(redis.stop);
  const surroundings = {
    ...{ databaseUrl: postgres.databaseUrl('bench'), redisUrl: redis.url, webKey: newSecret() },
    homeDir: path.join(folder, 'home'),
  };
  await migrate(surroundings.databaseUrl);
  const client = new Client({ connectionString: surroundings.databaseUrl });
  await client.connect();
  const { accounts, keys } = await insertRows(client, {
    ...{ accounts: Math.ceil(streams / tasksEach), tasksEach, keys: Math.ceil(streams / streamsOfKey) },
    webKey: surroundings.webKey,
  });
  await client.end();

  const clients = startChild<ClientsQuestions, ClientsAnswers>('clients.mts');
  stops.push(clients.stop);
  const writer = startChild<WriterQuestions, WriterAnswers>('writer.mts');
  stops.push(writer.stop);
  await writer.ask('begin', { ...surroundings, accounts });
  const tasks = accounts.flat().slice(0, streams);
  const seqs = new Map(tasks.map(({ generationId }) => [generationId, 1]));
  const round = async (start: typeof startBare) => {
    const contestant = await start(surroundings);
    stops.push(contestant.stop);
    const result = await runRound({ contestant, clients, writer, tasks, keys, seqs, perSecond, seconds });
    await contestant.stop();
    return result;
  };
  const bare = await round(startBare);
  const ours = await round(startGateway);

  const judged = judge([bare, ours], ours, perSecond);
  console.log(`\n${showRounds(bare, ours)}\n\n${showJudged(judged)}\n`);
  for (const complaint of ours.complaints.slice(0, 10)) console.log(complaint);
  const late = percentile([...bare.written.lateMs, ...ours.written.lateMs], 99);
  console.log(
    `Method: ${streams.toLocaleString('en-US')} streams of one generation each (gateway: GET /v1/generations/{id}/events with ${keys.length} keys), each on a raw socket, all
sockets in one other process. A third process writes what ${accounts.length} accounts' polls hear, ${tasksEach} tasks each, for ${seconds} s at an even pace, with the
worker's writePollOutcomes and announce; it began ${late.toFixed(1)} ms late (p99). Commit → socket: from just before COMMIT is sent (and from its answer) until
the client's process reads the event, by the clock all processes share. RSS (of the whole process) after a forced collection and ${(2 * settleMs) / 1000} s
of rest: before the first stream of the process (cold, from which the goal is judged); without a stream, after ${warmStreams} were open and
closed again (warm, from which the live heap counts, too); with all; with all after the events. First the bare server, then the
gateway, each alone in a new process with the flags of a stack; worker, token-manager and simulator do not run. PostgreSQL writes
durably. The bare server: node:http, a Map of responses, one PSUBSCRIBE. Load of the machine after ${loadOfMachine()}.`,
  );
  return judged.some((row) => row.at(-1) === 'MISSED') ? 1 : 0;
}

function loadOfMachine(): string {
  return os.loadavg()[0]!.toFixed(1);
}
