/** The worker dies by SIGKILL at every named place between two lines of the way of the data; its successor finishes the work. */
import { existsSync, mkdtempSync } from 'node:fs';
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
  'poll.minimumMs': 300,
  'poll.maximumMs': 1_500,
} as const;

test.each(crashPoints)(
  'a worker that dies at %s loses nothing and submits nothing twice',
  async (point) => {
    const marker = path.join(mkdtempSync(path.join(tmpdir(), 'reelay-crash-')), 'crashed');
    const stack = await Stack.start({ renderMs: 1_500, settings: scaled, env: { CRASH_AT: `${point}:1@${marker}` } });
    try {
      const prompt = `a video that survives ${point}`;
      const client = stack.client({ maxRetries: 2 });
      const { id } = await client.videos.create({ model: 'sora2-landscape-10s', prompt });
      await waitFor(async () => (await client.videos.retrieve(id)).status === 'completed', {
        timeoutMs: 75_000,
        describe: () => `${id} to complete:\n${stack.output.slice(-6_000)}`,
      });
      expect(existsSync(marker)).toBe(true);
      expect(await stack.submitsOf(prompt)).toHaveLength(1);
      const [counts] = await stack.sql<Record<string, string>>(`
        SELECT (SELECT count(*) FROM generation_event WHERE type = 'generation.succeeded') AS ends,
               (SELECT count(*) FROM usage WHERE state = 'booked') AS booked,
               (SELECT count(*) FROM asset) AS assets, (SELECT count(*) FROM token_slot) AS slots`);
      expect(counts).toEqual({ ends: '1', booked: '1', assets: '1', slots: '0' });
    } finally {
      await stack.stop();
    }
  },
  120_000,
);
