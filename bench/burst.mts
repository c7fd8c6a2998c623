// `npm run bench:burst -- --chats 1000`: so many different prompts at once as streaming chats, on a whole stack in a data folder of its
// own, each followed to its file, which is compared with the upstream's, and a light route meanwhile beside a bare server. Ends with 1 when a
// goal is missed.
import os from 'node:os';
import { Client as Database } from 'pg';
import { buildAll } from '../tools/launcher/build.mts';
import { argument } from './argument.mts';
import { type LightRoute, openLightRoute } from './burst/light-route.mts';
import { usedBy, usedSince } from './burst/processes.mts';
import { type Findings, judge, showJudged, showLight, showTimes, showUse } from './burst/report.mts';
import { runChats } from './burst/run-chats.mts';
import { call } from './call.mts';
import { countOutcome } from './overload/count.mts';
import { type Stack, startStack } from './stack.mts';

const count = argument('--chats', 1_000);
const accounts = argument('--accounts', 5);
const renderMs = argument('--render-ms', 2_000);
const model = 'sora2-landscape-10s';
const difficulty = '0fffff';
const everyMs = 50;

console.log(`${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}`);
console.log(
  `${count} chats at once, ${accounts} accounts without a limit, a render takes ${renderMs / 1000} s; load of the machine before ${loadOfMachine()}\n`,
);
await buildAll({ env: process.env, signal: new AbortController().signal });
const stack = await startStack({ SIMULATOR_RENDER_MS: `${renderMs}` });
try {
  const light = await openLightRoute(stack.run.gatewayUrl, stack.run.apiKey);
  const findings = await burst(stack, light).finally(light.stop);
  // What is said on the way out counts, too.
  await stack.stop();
  const judged = judge(findings);
  console.log(`${showUse(findings)}\n\n${showTimes(findings)}\n\n${showLight(findings)}\n\n${showJudged(judged)}\n`);
  const lost = findings.comparison.lost.map(({ failure = 'a file that is not its own' }) => failure);
  const { idle, meanwhile, complaints } = findings;
  const unanswered = [idle, meanwhile].flatMap(({ ours, bare }) => [...ours.failures, ...bare.failures]);
  const failures = Map.groupBy([...lost, ...unanswered, ...complaints], (text) => text);
  for (const [failure, same] of [...failures].slice(0, 10)) console.log(`${same.length} × ${failure}`);
  console.log(
    `Method: one process of clients opens all chats in one tick, each on a connection of its own, with the key the stack was made with, and
fetches each file as soon as its stream has ended; SHA-256 is compared with that of the file the simulator has for the one task in its
ledger with that prompt. Sentinel difficulty ${difficulty}. Durations from the request; GET /v1/models with the same key every ${everyMs} ms
from another process, from when it was due to the last byte. The bare server (node:http in a process of its own, the same bytes of JSON
from memory, whatever the key) is asked by that same process at the same pace, half a step later, before and meanwhile: what it takes
longer meanwhile is what the loaded machine does to any light request, the asking process included. Processor time of each process with
everything below it (the launcher, which handles their logs, alone), from the first request to the last file; memory is the most each
process ever occupied (Rss), of Postgres what it occupies at the end (Pss). Load of the machine after ${loadOfMachine()}.`,
  );
  process.exitCode = judged.some((row) => row.at(-1) === 'MISSED') ? 1 : 0;
} finally {
  await stack.stop();
}

async function burst(stack: Stack, light: LightRoute): Promise<Findings> {
  const { run, complaints } = stack;
  // Only now is there something to import.
  const { compareFiles } = await import('./burst/compare-files.mts');
  const { fillPool } = await import('./burst/prepare.mts');
  const { gatewayUrl, apiKey, simulatorUrl } = run;
  await call(`${simulatorUrl}/_sim/speed`, 'POST', { difficulty });
  const pool = await fillPool(stack, accounts);
  // What is compiled on first use is compiled before anything counts.
  const warmUps = Math.min(20, count);
  await runChats({ gatewayUrl, apiKey, model, prompts: promptsOf('a lighthouse in the morning', warmUps) });
  const idle = await light.askMeanwhile(everyMs, AbortSignal.timeout(3_000));

  const before = usedBy(run.pids);
  const over = new AbortController();
  const asking = light.askMeanwhile(everyMs, over.signal);
  const { chats, ...clients } = await runChats({
    ...{ gatewayUrl, apiKey, model },
    prompts: promptsOf('a burst of kites over the dunes', count),
  });
  over.abort();
  const used = usedSince(before, usedBy(run.pids));
  const meanwhile = await asking;
  const database = new Database({ connectionString: run.databaseUrl });
  await database.connect();
  try {
    return {
      ...{ chats, warmUps, idle, meanwhile, complaints },
      used: used.set('clients', clients),
      outcome: await countOutcome(database, run),
      comparison: await compareFiles(stack, pool, chats),
      lostProcesses: stack.lostProcesses(),
    };
  } finally {
    await database.end();
  }
}

function promptsOf(text: string, count: number): string[] {
  return Array.from({ length: count }, (_, no) => `${text}, no. ${no + 1}`);
}

function loadOfMachine(): string {
  return os.loadavg()[0]!.toFixed(1);
}
