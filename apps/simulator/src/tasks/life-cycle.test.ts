import { finishedAt, isOpen, pendingUntil, stateAt } from './life-cycle.js';
import type { Outcome } from './task.js';

const timing = { queueMs: 300, renderMs: 6_000, gapMs: 500, progressSteps: 20 };

function task(outcome: Outcome = 'video', changes: Partial<typeof timing> = {}) {
  return { createdAt: 1_000, timing: { ...timing, ...changes }, outcome };
}

test.each([
  [0, { phase: 'queued', progress: null }],
  [299, { phase: 'queued', progress: null }],
  [300, { phase: 'rendering', progress: 0 }],
  [3_300, { phase: 'rendering', progress: 0.5 }],
  [6_299, { phase: 'rendering', progress: 0.95 }],
  [6_300, { phase: 'between', progress: null }],
  [6_799, { phase: 'between', progress: null }],
  [6_800, { phase: 'finished', progress: null }],
  [10 ** 9, { phase: 'finished', progress: null }],
])('%i ms after the submit the task is %j', (age, state) => {
  expect(stateAt(task(), 1_000 + age)).toEqual(state);
});

test('progress only grows, and shows all its steps to one who looks often', () => {
  const seen = new Set<number>();
  let last = 0;
  for (let age = 300; age < 6_300; age += 50) {
    const { progress } = stateAt(task(), 1_000 + age);
    expect(progress).toBeGreaterThanOrEqual(last);
    last = progress ?? 0;
    seen.add(last);
  }
  expect(seen.size).toBe(20);
});

test.each(['vanishing', 'unlisted'] as const)('a task that is %s never becomes a draft', (outcome) => {
  expect(stateAt(task(outcome), 1_000 + 6_300).phase).toBe('gone');
  expect(stateAt(task(outcome), 10 ** 9).phase).toBe('gone');
});

test('a task without waiting or rendering is finished at once', () => {
  const instant = task('video', { queueMs: 0, renderMs: 0, gapMs: 0 });
  expect(stateAt(instant, 1_000)).toEqual({ phase: 'finished', progress: null });
  expect(isOpen(instant, 1_000)).toBe(false);
});

test('the times that the lists go by', () => {
  expect(pendingUntil(task())).toBe(7_300);
  expect(finishedAt(task())).toBe(7_800);
  expect(isOpen(task(), 7_799)).toBe(true);
});
