import { openJournal } from '../journal/journal.js';
import { plainBody } from '../testing/start-simulator.js';
import { plainVideoSchema, planPlainVideo } from './plain-video.js';
import type { Task } from './task.js';
import { TaskBook } from './task-book.js';

const ACCOUNT = 'plus@simulator.test';
const plan = planPlainVideo(plainVideoSchema.parse(plainBody));

function task(number: number, createdAt: number): Task {
  return {
    ...plan,
    id: `task_${String(number).padStart(6, '0')}`,
    generationId: `gen_${number}`,
    account: ACCOUNT,
    createdAt,
    origin: 'client',
    timing: { queueMs: 0, renderMs: 100, gapMs: 0, progressSteps: 10 },
    outcome: 'video',
    reason: null,
    fingerprint: String(number),
    sentinelId: null,
    source: '127.0.0.1',
    userAgent: 'test',
  };
}

function fill(count: number): TaskBook {
  const tasks = new TaskBook(openJournal(undefined).journal, { finishedPerAccount: 20, inLedger: 50 });
  for (let number = 0; number < count; number += 1) tasks.accept(task(number, number * 10));
  return tasks;
}

test('memory is bounded: the oldest finished tasks are forgotten, the newest and the open ones never', () => {
  const count = 1_000;
  const now = (count - 1) * 10;
  const tasks = fill(count);
  const finished = tasks.drafts(ACCOUNT, now, 10_000).page;
  expect(finished.length).toBeGreaterThanOrEqual(20);
  expect(finished.length).toBeLessThanOrEqual(32);
  expect(finished[0]?.generationId).toBe('gen_989');
  expect(tasks.pending(ACCOUNT, now)).toHaveLength(10);
  expect(tasks.ledger.length).toBeLessThanOrEqual(55);
  expect(tasks.accepted).toBe(count);
  expect([...tasks.kept()].length).toBeLessThanOrEqual(60);
  expect(tasks.findByGeneration('gen_0')).toBeUndefined();
  expect(tasks.findByGeneration('gen_989')).toBeDefined();
});

test('tasks that finish in the same millisecond have a place of their own in the pages', () => {
  const tasks = new TaskBook(openJournal(undefined).journal, { finishedPerAccount: 100, inLedger: 100 });
  for (let number = 0; number < 30; number += 1) tasks.accept(task(number, 0));
  const seen: string[] = [];
  let position: { finishedAt: number; id: string } | undefined;
  for (let page = 0; page < 10; page += 1) {
    const { page: drafts } = tasks.drafts(ACCOUNT, 1_000, 7, position);
    seen.push(...drafts.map(({ id }) => id));
    const last = drafts.at(-1);
    if (last) position = { finishedAt: 100, id: last.id };
  }
  expect(new Set(seen).size).toBe(30);
  expect(seen).toHaveLength(30);
});
