/**
 * SIGTERM to each process of one stack: it takes nothing more, lets end what would be lost, abandons what is safe to abandon, leaves with
 * code 0 in its time, and what it leaves behind is in order right afterwards.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import { readChat } from '../support/chat.js';
import type { LedgerEntry } from '../support/stack.js';
import type { Stream } from './judge/history.js';
import { readEvents } from './stand/read-events.js';
import { type AppName, Stand } from './stand/stand.js';

let stand: Stand;
beforeAll(async () => {
  // Long enough for a submit that is held up on a busy machine, far below what a drain may take.
  stand = await Stand.start({ settings: { 'submit.timeoutMs': 40_000, 'submit.turnMs': 20_000 } });
  // One account: submits take turns, so that some wait while one is in flight.
  await stand.sql(`UPDATE token SET state = 'disabled' WHERE identity <> 'pro@simulator.test'`);
}, 180_000);
afterAll(() => stand?.stop());

const authorization = () => ({ authorization: `Bearer ${stand.keys.API_KEY}` });
const soon = { timeoutMs: 60_000, intervalMs: 20 };

async function createVideo(prompt: string): Promise<string> {
  const response = await fetch(`${stand.gatewayUrl}/v1/videos`, {
    method: 'POST',
    headers: { ...authorization(), 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sora2-landscape-10s', prompt }),
  });
  const { id, error } = (await response.json()) as { id?: string; error?: unknown };
  if (id === undefined) throw new Error(`${prompt} was not accepted: ${JSON.stringify(error)}`);
  return id;
}

interface Row {
  id: string;
  stage: string;
  state: string;
  attempt: string | null;
  slots: number;
}

async function rowOf(prompt: string): Promise<Row | undefined> {
  const [row] = await stand.sql<Row & Record<string, unknown>>(
    `SELECT generation.id, stage, generation.state, attempt.state AS attempt,
       (SELECT count(*)::int FROM token_slot WHERE attempt_id = attempt.id) AS slots
     FROM generation LEFT JOIN submit_attempt AS attempt ON attempt.generation_id = generation.id
     WHERE request ->> 'prompt' = $1 ORDER BY attempt.created_at DESC LIMIT 1`,
    [prompt],
  );
  return row;
}

async function submitsOf(prompt: string): Promise<number> {
  const { submits } = await stand.simulator<{ submits: LedgerEntry[] }>('ledger');
  return submits.filter((submit) => submit.prompt === prompt).length;
}

/** SIGTERM, and how the process ended; it is not started again by itself. */
async function drain(names: readonly AppName[], withinMs: number): Promise<void> {
  const ending = Promise.all(names.map((name) => stand.app(name).drain(withinMs)));
  expect(await ending).toEqual(names.map(() => 'code 0'));
}

/** A client of the event stream that comes back as a browser does. */
class Reader {
  readonly frames: Stream['frames'] = [];
  connections = 0;
  /** Answers that broke off instead of ending. */
  breaks = 0;

  constructor(readonly id: string) {}

  async readToEnd(): Promise<void> {
    const giveUpAt = Date.now() + 120_000;
    while (Date.now() < giveUpAt) {
      const response = await this.#connect();
      if (!response) continue;
      const end = await readEvents(response, this.frames).catch(() => 'broken' as const);
      if (end === 'end') return;
      if (end === 'broken') this.breaks += 1;
    }
    throw new Error(`${this.id} did not end`);
  }

  /** Undefined while nobody answers, or only that the gateway is being restarted. */
  async #connect(): Promise<Response | undefined> {
    const last = this.frames.at(-1);
    const headers = { ...authorization(), ...(last && { 'last-event-id': String(last.seq) }) };
    const response = await fetch(`${stand.gatewayUrl}/v1/generations/${this.id}/events`, { headers }).catch(
      () => undefined,
    );
    if (response?.ok) {
      this.connections += 1;
      return response;
    }
    await response?.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return undefined;
  }
}

async function expectEach(prompts: readonly string[]): Promise<void> {
  for (const prompt of prompts) {
    await waitFor(async () => (await rowOf(prompt))?.state === 'succeeded', {
      ...{ ...soon, describe: () => `${prompt}:\n${stand.lines.slice(-40).join('\n')}` },
    });
    expect(await submitsOf(prompt)).toBe(1);
  }
}

test('a gateway is not ready any more, ends its streams with one error that says where to go on, and leaves', async () => {
  const send = (model: string, content: string) =>
    fetch(`${stand.gatewayUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...authorization(), 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content }] }),
    });
  const prompts = ['a video streamed into the stop [sim:render=6s]', 'an image streamed into the stop [sim:render=6s]'];
  const streams = await Promise.all(
    prompts.map((prompt, no) => send(no === 0 ? 'sora2-landscape-10s' : 'gpt-image', prompt)),
  );
  const texts = streams.map((stream) => stream.text());
  for (const prompt of prompts) {
    await waitFor(async () => (await rowOf(prompt))?.state === 'running', {
      ...{ ...soon, describe: () => `${prompt}:\n${stand.lines.slice(-40).join('\n')}` },
    });
  }
  const leaving = drain(['gateway'], 20_000);
  const statuses: (number | 'refused')[] = [];
  const probe = async () => {
    const answer = fetch(`${stand.gatewayUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
    statuses.push(await answer.then((response) => response.status).catch(() => 'refused' as const));
    return statuses.at(-1) === 'refused';
  };
  await waitFor(probe, soon);
  await leaving;
  expect(statuses.slice(statuses.findIndex((status) => status !== 200))).not.toContain(200);
  for (const [no, text] of (await Promise.all(texts)).entries()) {
    const { error, finishReason } = readChat(200, text);
    const id = (await rowOf(prompts[no] ?? ''))?.id ?? '';
    expect(finishReason).toBeNull();
    expect(error).toMatchObject({ code: 'gateway_restarting', generation_id: expect.stringContaining(id) as string });
    expect((error as unknown as { url: string }).url).toContain('/v1/generations/');
    expect(text.match(/gateway_restarting/g)).toHaveLength(1);
  }
  await stand.app('gateway').start();
  await expectEach(prompts);
}, 120_000);

test('a worker lets the submit in flight end, sends no other, abandons a fetch, and leaves; its successor goes on', async () => {
  const fetched = 'a video whose file is on its way';
  await stand.simulator('faults', [{ kind: 'slow', endpoint: 'media', delayMs: 60_000, count: 1 }]);
  await createVideo(fetched);
  await waitFor(async () => (await rowOf(fetched))?.stage === 'fetching', soon);
  await stand.simulator('faults', [{ kind: 'slow', endpoint: 'create', delayMs: 5_000, count: 1 }]);
  const [sent, held] = ['a video that is being submitted', 'a video that waits for its turn'];
  await createVideo(sent);
  await waitFor(async () => (await rowOf(sent))?.attempt === 'sent', soon);
  await createVideo(held);
  await waitFor(async () => (await rowOf(held))?.stage === 'submitting', soon);
  expect((await rowOf(sent))?.attempt).toBe('sent');

  await drain(['worker-1', 'worker-2'], 75_000);
  expect(await rowOf(sent)).toMatchObject({ state: 'running', attempt: 'acked', slots: 1 });
  expect(await rowOf(held)).toMatchObject({ state: 'queued', attempt: 'intent', slots: 1 });
  expect(await rowOf(fetched)).toMatchObject({ state: 'running', stage: 'fetching', attempt: 'ended', slots: 0 });
  expect([await submitsOf(sent), await submitsOf(held)]).toEqual([1, 0]);
  const whole = await stand.sql<{ storage_key: string }>('SELECT storage_key FROM asset');
  const store = stand.space?.path ?? stand.mediaDir;
  const entries = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const stored = entries.map(({ parentPath, name }) => path.relative(store, path.join(parentPath, name)));
  // Complete or absent: nothing is there under its name that no row knows.
  expect(stored.sort()).toEqual(whole.map(({ storage_key }) => storage_key).sort());

  await Promise.all([stand.app('worker-1').start(), stand.app('worker-2').start()]);
  await expectEach([fetched, sent, held]);
}, 180_000);

test('a token-manager leaves at once, and its successor gives out what waits', async () => {
  const prompts = Array.from({ length: 6 }, (_, no) => `a video beside the token-manager that leaves ${no}`);
  await Promise.all(prompts.map(createVideo));
  await drain(['token-manager'], 10_000);
  await stand.app('token-manager').start();
  await expectEach(prompts);
}, 120_000);

test('a gateway restarted under 500 event streams: whoever comes back gets the rest, without a gap and nothing twice', async () => {
  await stand.sql(`UPDATE token SET state = 'active'`);
  const workers = (['worker-1', 'worker-2'] as const).map((name) => stand.app(name));
  // None of the videos may end before everybody watches.
  for (const worker of workers) worker.signal('SIGSTOP');
  const prompts = Array.from({ length: 10 }, (_, no) => `a video that many watch ${no} [sim:render=4s]`);
  const ids = await Promise.all(prompts.map(createVideo));
  const readers = Array.from({ length: 500 }, (_, no) => new Reader(ids[no % ids.length] ?? ''));
  const reading = Promise.all(readers.map((reader) => reader.readToEnd()));
  await waitFor(() => readers.every(({ frames }) => frames.length > 0), soon);
  await drain(['gateway'], 20_000);
  for (const worker of workers) worker.signal('SIGCONT');
  await stand.app('gateway').start();
  await reading;
  await expectEach(prompts);
  const written = await stand.sql<{ id: string; seqs: number[] }>(
    'SELECT generation_id AS id, array_agg(seq ORDER BY seq) AS seqs FROM generation_event GROUP BY 1',
  );
  const seqsOf = new Map(written.map(({ id, seqs }) => [`video_${id}`, seqs]));
  for (const { id, frames } of readers) expect(frames.map(({ seq }) => seq)).toEqual(seqsOf.get(id));
  expect(readers.filter(({ connections }) => connections < 2)).toHaveLength(0);
  // Ended, not cut off in the middle: an end of its connection is all that a client sees.
  expect(readers.filter(({ breaks }) => breaks > 0)).toHaveLength(0);
}, 180_000);

test('nobody was cut off, nothing was thrown away, and no slot is held', async () => {
  const bad = /unhandled rejection|uncaught exception|shutdown step|not stopped in time/;
  expect(stand.lines.filter((line) => bad.test(line))).toEqual([]);
  // One that was never ready had to wait for its port, which a client on its way to it may hold for a moment.
  const ended = [...stand.apps.values()].flatMap(({ ends }) => ends.filter(({ wasReady }) => wasReady));
  const drained = ['gateway', 'gateway', 'token-manager', 'worker-1', 'worker-2'];
  expect(ended.map(({ app, how }) => `${app}: ${how}`).sort()).toEqual(drained.map((name) => `${name}: code 0`));
  const held = async () =>
    (
      await stand.sql<{ open: number }>(
        `SELECT (SELECT count(*) FROM token_slot)::int + (SELECT count(*) FROM submit_attempt WHERE closed_at IS NULL)::int AS open`,
      )
    )[0]?.open;
  await waitFor(async () => (await held()) === 0, soon);
});
