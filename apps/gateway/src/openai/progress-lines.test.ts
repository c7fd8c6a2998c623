import type { GenerationEvent } from '@reelay/contracts/events';
import type { Workflow } from '@reelay/contracts/generation-request';
import { ProgressLines } from './progress-lines.js';
import { estimateUsage } from './usage.js';

type Progress = Extract<GenerationEvent, { type: 'generation.progressed' }>['data'];
const queued: GenerationEvent = { type: 'generation.queued', seq: 1, data: {} };
const done: GenerationEvent = { type: 'generation.succeeded', seq: 9, data: { result: { media: [] } } };
const progressed = (stage: Progress['stage'], progress = 0, note?: string): GenerationEvent => ({
  type: 'generation.progressed',
  seq: 2,
  data: { stage, progress, ...(note === undefined ? {} : { note }) },
});
const linesOf = (workflow: Workflow, way: GenerationEvent[], hasImage = false) => {
  const kind = workflow === 'image' || workflow === 'character' || workflow === 'enhance' ? workflow : 'video';
  const lines = new ProgressLines({ kind, workflow, hasImage });
  return way.flatMap((event) => lines.next(event) ?? []);
};

test("a video's way is told in sora2api's words", () => {
  const way = [queued, progressed('rendering'), progressed('rendering', 37), progressed('fetching', 99), done];
  expect(linesOf('video', way)).toEqual([
    '**Generation Process Begins**\n\nInitializing generation request...\n',
    '**Video Generation Progress**: 0% (processing)\n',
    '**Video Generation Progress**: 37% (processing)\n',
    '**Video Generation Completed**\n\nVideo generation successful. Now caching the video file...\n',
    'Video file cached successfully. Preparing final response...\n',
  ]);
});

test.each<[Workflow, string]>([
  ['image', '**Generation Process Begins**\n\nInitializing generation request...\n'],
  ['remix', '**Remix Generation Process Begins**\n\nInitializing remix request...\n'],
  ['extension', '**Video Extension Process Begins**\n\nInitializing extension request...\n'],
  ['character', '**Character Creation Begins**\n\nInitializing character creation...\n'],
  ['character_video', '**Character Creation and Video Generation Begins**\n\nInitializing...\n'],
])('a %s begins with its own words', (workflow, line) => {
  expect(linesOf(workflow, [queued])).toEqual([line]);
});

test('shots are named as what they are', () => {
  expect(linesOf('storyboard', [queued])[0]).toContain('Detected storyboard format.');
});

test('an image says its percentage and its end', () => {
  expect(linesOf('image', [progressed('rendering', 42), progressed('fetching', 99)])).toEqual([
    '**Processing**\n\nGeneration in progress: 42% completed...\n',
    '**Image Generation Completed**\n\nImage generation successful. Now caching the images...\n',
  ]);
});

test('an image that was brought along is uploaded first', () => {
  expect(linesOf('video', [progressed('preparing'), progressed('submitting')], true)).toEqual([
    '**Image Upload Begins**\n\nUploading image to server...\n',
    'Image uploaded successfully. Proceeding to generation...\n',
  ]);
});

test('the steps of a character are told one after another', () => {
  const steps = [progressed('preparing'), progressed('submitting'), progressed('rendering')];
  expect(
    linesOf('character', [...steps, progressed('preparing'), progressed('submitting'), progressed('fetching')]),
  ).toEqual([
    'Uploading video file...\n',
    'Processing video to extract character...\n',
    'Uploading character avatar...\n',
    'Finalizing character creation...\n',
    'Downloading character avatar...\n',
  ]);
});

test('and then those of the video it plays in', () => {
  const step = [progressed('preparing'), progressed('submitting'), progressed('rendering')];
  expect(linesOf('character_video', [...step, ...step, ...step, progressed('rendering', 30)])).toEqual([
    'Uploading video file...\n',
    'Processing video to extract character...\n',
    'Uploading character avatar...\n',
    'Finalizing character creation...\n',
    '**Video Generation Process Begins**\n\nGenerating video with character...\n',
    '**Video Generation Progress**: 0% (processing)\n',
    '**Video Generation Progress**: 30% (processing)\n',
  ]);
});

test('an enhancement has nothing to tell but why it waits', () => {
  const way = [queued, progressed('preparing'), progressed('submitting'), progressed('rendering', 50), done];
  expect(linesOf('enhance', way)).toEqual([]);
  expect(linesOf('enhance', [progressed('waiting', 0, 'every account rests')])).toEqual([
    'Waiting for a free account: every account rests\n',
  ]);
});

test('nothing is said twice, no progress falls, and a failure is left to the error', () => {
  const failed: GenerationEvent = { type: 'generation.failed', seq: 9, data: { error: { code: 'x', message: 'y' } } };
  const way = [
    progressed('rendering', 50),
    progressed('rendering', 50),
    progressed('waiting'),
    progressed('rendering', 5),
  ];
  expect(linesOf('video', [...way, failed])).toEqual(['**Video Generation Progress**: 50% (processing)\n']);
});

test('going back to wait is told with its reason', () => {
  expect(linesOf('video', [progressed('waiting', 0, 'the account cools down')])[0]).toContain('the account cools down');
});

test('usage adds up and is never zero', () => {
  expect(estimateUsage('', '')).toEqual({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 });
  expect(estimateUsage('x'.repeat(41), 'y'.repeat(8))).toEqual({
    prompt_tokens: 11,
    completion_tokens: 2,
    total_tokens: 13,
  });
});
