/**
 * The worker dies by SIGKILL at every named place between two lines of the way of the data, one after the other, while several
 * videos are on their way; its successors finish all of them.
 */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import { Stack } from '../support/stack.js';

const crashPoints = [
  'run.before-sent',
  'run.after-sent',
  'run.after-answer',
  'run.after-acked',
  'poll.before-commit',
  'poll.after-commit',
  'finish.after-download',
  'finish.after-stored',
  'finish.after-commit',
];

/** Times of the journal, scaled to a render of 1.5 s; every proportion of the real ones is kept. */
const scaled = {
  'timer.repairMs': 1_000,
  'submit.timeoutMs': 3_000,
  'reconcile.settleMs': 4_000,
  'reconcile.listGapMs': 2_000,
  'poll.minimumMs': 300,
  'poll.maximumMs': 1_500,
} as const;

const markers = mkdtempSync(path.join(tmpdir(), 'reelay-crash-'));
const prompts = crashPoints.map((point) => `a video on its way while a worker dies at ${point}`);
let stack: Stack;
beforeAll(async () => {
  const traps = crashPoints.map((point) => `${point}:1@${path.join(markers, point)}`);
  stack = await Stack.start({ renderMs: 1_500, settings: scaled, env: { CRASH_AT: traps.join(',') } });
});
afterAll(() => stack?.stop());

test('a worker that dies at each place once loses nothing and submits nothing twice', async () => {
  const client = stack.client({ maxRetries: 2 });
  const ids = await Promise.all(
    prompts.map(async (prompt) => (await client.videos.create({ model: 'sora2-landscape-10s', prompt })).id),
  );
  // Nine deaths, each noticed after a job's lock and two rounds of looking for stalled ones (16 s), and a start each.
  const waiting = new Set(ids);
  await waitFor(
    async () => {
      for (const id of waiting) {
        const { status, error } = await client.videos.retrieve(id);
        if (status === 'failed') throw new Error(`${id} failed: ${error?.message}\n${stack.output.slice(-20_000)}`);
        if (status === 'completed') waiting.delete(id);
      }
      return waiting.size === 0;
    },
    {
      timeoutMs: 330_000,
      intervalMs: 500,
      describe: () => `${[...waiting]} to complete after ${readdirSync(markers)}:\n${stack.output.slice(-20_000)}`,
    },
  );
  expect(readdirSync(markers).sort()).toEqual([...crashPoints].sort());
  for (const prompt of prompts) expect(await stack.submitsOf(prompt)).toHaveLength(1);
}, 360_000);

test('afterwards there is one end, one booking and one file per generation, and no slot is held', async () => {
  const [counts] = await stack.sql<Record<string, string>>(`
    SELECT (SELECT count(*) FROM generation_event WHERE type = 'generation.succeeded') AS ends,
           (SELECT count(*) FROM usage WHERE state = 'booked') AS booked, (SELECT count(*) FROM asset) AS assets,
           (SELECT count(*) FROM token_slot) AS slots, (SELECT count(*) FROM submit_attempt WHERE closed_at IS NULL) AS attempts`);
  const all = String(crashPoints.length);
  expect(counts).toEqual({ ends: all, booked: all, assets: all, slots: '0', attempts: '0' });
});
