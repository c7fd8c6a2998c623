import { defaultSettings } from '@reelay/contracts/settings';
import { longestOpenMs, maximumTaskMs, type TimedTask } from './maximum-task-time.js';

const settings = {
  ...defaultSettings,
  'render.maximumMs': 1,
  'render.imageMaximumMs': 2,
  'render.characterMaximumMs': 3,
};

it.each<[string, TimedTask, number]>([
  ['an image', { kind: 'image', workflow: 'image', takesTurn: true }, 2],
  ['a video', { kind: 'video', workflow: 'video', takesTurn: true }, 1],
  ['the publishing before a remix', { kind: 'video', workflow: 'remix', takesTurn: false }, 1],
  ['a character', { kind: 'character', workflow: 'character', takesTurn: false }, 3],
  ['the character of a video', { kind: 'video', workflow: 'character_video', takesTurn: false }, 3],
  ['the video with a character', { kind: 'video', workflow: 'character_video', takesTurn: true }, 1],
  ['a text', { kind: 'enhance', workflow: 'enhance', takesTurn: false }, 1],
])('%s may take as long as its setting says', (_name, task, expected) => {
  expect(maximumTaskMs(settings, task)).toBe(expected);
});

it('a step that is asked for by its name is waited for as long as a video, so that what it left can still be removed', () => {
  const long = { ...settings, 'render.maximumMs': 9 };
  const step = { kind: 'video', workflow: 'character_video', takesTurn: false } as const;
  expect(longestOpenMs(long, { ...step, state: 'unknown' })).toBe(9);
  expect(longestOpenMs(long, { ...step, state: 'acked' })).toBe(3);
  const image = { kind: 'image', workflow: 'image', takesTurn: true } as const;
  expect(longestOpenMs(long, { ...image, state: 'unknown' })).toBe(2);
});
