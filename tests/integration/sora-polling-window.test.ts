/**
 * Many tasks of one account that finish almost at once, on lists that show only so many: none may be lost. Default settings throughout.
 *
 * @slow
 */
import type { Operation, PollOutcome } from '@reelay/contracts/provider';
import { defaultSettings } from '@reelay/contracts/settings';
import { waitFor } from '@reelay/testing/wait-for';
import { SoraDriver } from '../support/sora-driver.js';
import { imageRequest, videoRequest } from '../support/sora-requests.js';

const tasks = 200;
const strangers = 40;
const submitsAtOnce = 8;
/** From the first end to the last. */
const burstMs = 800;
/** A slow machine begins again, up to twice. */
const timeoutMs = 60_000;

let sora: SoraDriver;
beforeAll(async () => {
  sora = await SoraDriver.start('window');
});
afterAll(() => sora?.stop());

interface Burst {
  operations: Operation[];
  /** When the first and the last of them finish, less than a second apart. */
  first: number;
  last: number;
}

/** Whenever a task is submitted, its end is in the burst; a machine too slow for that gets more time and begins again. */
async function submitBurst(count: number, request: typeof videoRequest): Promise<Burst> {
  for (let leadMs = 4_000; leadMs <= 16_000; leadMs *= 2) {
    await sora.reset();
    await sora.simulator.post('speed', { queueMs: 0, gapMs: 0, proofRequired: false });
    const operations = await submitAll(count, Date.now() + leadMs, request);
    const ends = (await sora.simulator.submits()).map(({ finishedAt }) => finishedAt);
    expect(ends).toHaveLength(count);
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    if (Date.now() < first && last - first < 1_000) return { operations, first, last };
  }
  throw new Error(`${count} submits took longer than 16 s`);
}

async function submitAll(count: number, endsAt: number, request: typeof videoRequest): Promise<Operation[]> {
  const operations: Operation[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      const marker = renderUntil(endsAt + (burstMs * next) / count);
      const { submitted } = await sora.submitStep(request(`${marker} number ${next}`));
      operations.push(submitted.operation);
    }
  };
  await Promise.all(Array.from({ length: submitsAtOnce }, lane));
  return operations;
}

const renderUntil = (time: number) => `[sim:render=${Math.max(0, Math.round(time - Date.now()))}ms]`;

const until = (time: number) => waitFor(() => Date.now() > time, { timeoutMs: 25_000, intervalMs: 5 });

const idsOf = (outcomes: ReadonlyMap<string, PollOutcome>, state: PollOutcome['state']) =>
  [...outcomes].filter(([, outcome]) => outcome.state === state).map(([id]) => id);

async function callsDuring(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const { calls: before } = await sora.simulator.ledger();
  await work();
  const { calls } = await sora.simulator.ledger();
  return Object.fromEntries(
    Object.entries(calls).map(([endpoint, count]) => [endpoint, count - (before[endpoint] ?? 0)]),
  );
}

test(
  '200 videos that finish within a second are all found by one poll, in as many calls as there are pages',
  async () => {
    const { operations, last } = await submitBurst(tasks, videoRequest);
    await until(last);
    let done: string[] = [];
    const calls = await callsDuring(async () => {
      const { outcomes, failures } = await sora.poll(operations);
      expect(failures).toEqual([]);
      done = idsOf(outcomes, 'done');
    });
    expect(new Set(done)).toEqual(new Set(operations.map(({ id }) => id)));
    const pages = Math.ceil(tasks / defaultSettings['sora.draftsPage']);
    expect(calls).toMatchObject({ pending: 1, drafts: pages });
  },
  timeoutMs,
);

test(
  '200 videos are found by two polls, the first of which comes while they and others finish',
  async () => {
    const { operations, first, last } = await submitBurst(tasks, videoRequest);
    // People use the account as well.
    for (let index = 0; index < strangers; index += 1) {
      const prompt = `${renderUntil(first + (burstMs * index) / strangers)} by hand`;
      await sora.simulator.post('tasks', { account: sora.account.email, prompt });
    }
    await until((first + last) / 2);
    const { outcomes: early } = await sora.poll(operations);
    const missing = operations.filter(({ id }) => early.get(id)?.state !== 'done');
    expect(missing.map(({ id }) => early.get(id)?.state)).toEqual(missing.map(() => 'pending'));
    await until(last);
    const { outcomes: late } = await sora.poll(missing);
    expect(idsOf(late, 'done').length + idsOf(early, 'done').length).toBe(tasks);
  },
  timeoutMs,
);

test(
  'a listing goes back to what was known before, and no further',
  async () => {
    const { operations, last } = await submitBurst(40, videoRequest);
    await until(last);
    const slotKind = 'video';
    const all = await sora.provider.list({ slotKind }, sora.context());
    expect(all).toMatchObject({ pending: [], complete: true });
    expect(new Set(all.finished)).toEqual(new Set(operations.map(({ id }) => id)));

    const known = all.finished[20]!;
    const {
      finished,
      older = [],
      complete,
    } = await sora.provider.list({ slotKind, until: new Set([known]) }, sora.context());
    expect(finished).toEqual(all.finished.slice(0, 21));
    expect(older).toEqual(all.finished.slice(21, 30));
    expect(complete).toBe(true);

    sora.settings = { ...sora.settings, draftsPages: 2 };
    const capped = await sora.provider.list({ slotKind }, sora.context());
    expect(capped).toMatchObject({ finished: all.finished.slice(0, 30), complete: false });
  },
  timeoutMs,
);

test(
  'as many images as the list can grow to are all found by one poll',
  async () => {
    const most = defaultSettings['sora.recentTasksMost'];
    const { operations, last } = await submitBurst(most, imageRequest);
    await until(last);
    const { outcomes, failures } = await sora.poll(operations);
    expect(failures).toEqual([]);
    expect(idsOf(outcomes, 'done')).toHaveLength(most);
  },
  timeoutMs,
);
