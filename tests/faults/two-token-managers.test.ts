/** Two token-managers over one pool: one is killed or frozen in mid-assignment, and nothing is lost, doubled or held up. */
import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from '@reelay/testing/wait-for';
import { LauncherProcess } from '../support/launcher.js';
import type { LedgerEntry, Stack as StackType } from '../support/stack.js';
import { Stack } from '../support/stack.js';

let stack: StackType;
let joined: LauncherProcess;
let secondPid: number;

beforeAll(async () => {
  stack = await Stack.start({ renderMs: 500, settings: { 'timer.repairMs': 2_000, 'poll.minimumMs': 200 } });
  const before = new Set(tokenManagers());
  joined = new LauncherProcess(['--only', 'token-manager'], { REELAY_HOME: stack.homeDir });
  await waitFor(() => joined.output.includes('token-manager joined the stack'), {
    timeoutMs: 60_000,
    describe: () => `the second token-manager:\n${joined.output}`,
  });
  const [found] = tokenManagers().filter((pid) => !before.has(pid));
  if (found === undefined) throw new Error('The second token-manager has no process of its own.');
  secondPid = found;
}, 180_000);
afterAll(async () => {
  joined?.signal('SIGINT');
  await joined?.exit;
  await stack?.stop();
});

/** Token-managers that work in this stack's database, whoever started them. */
function tokenManagers(): number[] {
  const { databaseUrl } = stack.run;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes('/token-manager/dist/main.js') && environment.includes(`DATABASE_URL=${databaseUrl}`);
      } catch {
        return false;
      }
    });
}

const count = async (from: string) =>
  Number((await stack.sql<{ count: string }>(`SELECT count(*) AS count FROM ${from}`))[0]?.count);

/** Several times what the pool has slots for. */
const queued = 27;

/** All accounts rest until the last one is queued, so that assignment begins with all of them, however fast they came in. */
async function queueVideos(what: string, count = queued): Promise<string[]> {
  const prompts = Array.from({ length: count }, (_, no) => `${what} ${no}`);
  const client = stack.client();
  await stack.sql("UPDATE token SET video_cooling_until = now() + interval '1 hour'");
  await Promise.all(prompts.map((prompt) => client.videos.create({ model: 'sora2-landscape-10s', prompt })));
  await stack.sql('UPDATE token SET video_cooling_until = NULL');
  return prompts;
}

/** What is assigned first takes its time, so that the others still wait; they are quick. */
async function awaitMidAssignment(): Promise<void> {
  const waiting = "generation WHERE state = 'queued' AND token_id IS NULL";
  await waitFor(
    async () => (await count('submit_attempt WHERE closed_at IS NULL')) > 0 && (await count(waiting)) > 10,
    {
      timeoutMs: 30_000,
      intervalMs: 20,
    },
  );
  await render(quickMs);
}

const quickMs = 200;
const render = (renderMs: number) => stack.simulator('speed', { renderMs });

async function expectOneOfEach(prompts: readonly string[]): Promise<void> {
  await waitFor(async () => (await count("generation WHERE state IN ('queued', 'running')")) === 0, {
    timeoutMs: 150_000,
  });
  expect(await count("generation WHERE state <> 'succeeded'")).toBe(0);
  const { submits } = await stack.simulator<{ submits: LedgerEntry[] }>('ledger');
  const mine = submits.filter(({ prompt }) => prompts.includes(prompt)).map(({ prompt }) => prompt);
  expect(mine.sort()).toEqual([...prompts].sort());
  expect(await count('submit_attempt WHERE closed_at IS NULL')).toBe(0);
  expect(await count('token_slot')).toBe(0);
  expect(await count('token WHERE image_used <> 0 OR video_used <> 0')).toBe(0);
}

test('kill -9 of the one whose credentials are asked for: what waits is made once each', async () => {
  await render(3_000);
  const prompts = await queueVideos('a boat beside the killed one');
  await awaitMidAssignment();
  await stack.killAndAwaitSuccessor('token-manager');
  await expectOneOfEach(prompts);
}, 200_000);

test('SIGSTOP of the other: what waits is made without it, and it does no harm when it wakes', async () => {
  await render(3_000);
  const prompts = await queueVideos('a boat beside the frozen one');
  await awaitMidAssignment();
  process.kill(secondPid, 'SIGSTOP');
  try {
    await expectOneOfEach(prompts);
  } finally {
    process.kill(secondPid, 'SIGCONT');
  }
  const more = await queueVideos('a boat beside the one that woke', 9);
  await expectOneOfEach(more);
  await expectOneOfEach(prompts);
}, 300_000);
