import type { GenerationEvent } from '@reelay/contracts/events';
import { ProgressLines } from './progress-lines.js';
import { estimateUsage } from './usage.js';

type Progress = Extract<GenerationEvent, { type: 'generation.progressed' }>['data'];
const progressed = (data: Progress): GenerationEvent => ({ type: 'generation.progressed', seq: 2, data });

test("a video's way is told in sora2api's words", () => {
  const lines = new ProgressLines();
  const way: GenerationEvent[] = [
    { type: 'generation.queued', seq: 1, data: {} },
    progressed({ stage: 'rendering', progress: 0 }),
    progressed({ stage: 'rendering', progress: 37 }),
    progressed({ stage: 'fetching', progress: 99 }),
    { type: 'generation.succeeded', seq: 9, data: { result: { media: [] } } },
  ];
  expect(way.map((event) => lines.next(event))).toEqual([
    '**Generation Process Begins**\n\nInitializing generation request...\n',
    '**Video Generation Progress**: 0% (processing)\n',
    '**Video Generation Progress**: 37% (processing)\n',
    '**Video Generation Completed**\n\nVideo generation successful. Now caching the video file...\n',
    'Video file cached successfully. Preparing final response...\n',
  ]);
});

test('nothing is said twice, and a failure is left to the error', () => {
  const lines = new ProgressLines();
  expect(lines.next(progressed({ stage: 'rendering', progress: 5 }))).toBeDefined();
  expect(lines.next(progressed({ stage: 'rendering', progress: 5 }))).toBeUndefined();
  expect(lines.next(progressed({ stage: 'waiting', progress: 5 }))).toBeUndefined();
  expect(
    lines.next({ type: 'generation.failed', seq: 9, data: { error: { code: 'x', message: 'y' } } }),
  ).toBeUndefined();
});

test('going back to wait is told with its reason', () => {
  expect(
    new ProgressLines().next(progressed({ stage: 'waiting', progress: 0, note: 'the account cools down' })),
  ).toContain('the account cools down');
});

test('usage adds up and is never zero', () => {
  expect(estimateUsage('', '')).toEqual({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 });
  expect(estimateUsage('x'.repeat(41), 'y'.repeat(8))).toEqual({
    prompt_tokens: 11,
    completion_tokens: 2,
    total_tokens: 13,
  });
});
