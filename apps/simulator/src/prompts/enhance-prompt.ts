import { seededNumbers } from '../media/picture/seeded-numbers.js';
import type { Enhancement } from './enhancement.js';

const phrases = {
  setting: [
    'a wide valley at first light, mist between the trees',
    'a narrow street after rain, lamps in the puddles',
    'a quiet room by a window, dust in the air',
    'a high meadow under moving clouds',
  ],
  look: [
    'soft contrast, warm highlights, fine grain',
    'clear natural colours, shallow depth of field',
    'cool shadows, muted greens, a touch of haze',
    'rich colours, deep blacks, crisp edges',
  ],
  camera: [
    '35 mm lens, steady, at eye level',
    '50 mm lens, hand-held, close to the subject',
    '24 mm lens, low, gliding forwards',
    '85 mm lens on a tripod, slow pans',
  ],
  light: [
    'low sun from the left, long shadows',
    'overcast sky, even and soft',
    'one warm lamp, the rest in half-dark',
    'bright noon, reflected from pale walls',
  ],
  move: ['slow push in', 'static frame', 'pan to the right', 'tracking beside the subject', 'tilt up', 'slow pull out'],
  focus: ['the subject, background soft', 'foreground first, then the subject', 'everything from front to back'],
  mood: ['light stays as it is', 'light grows warmer', 'a shadow passes', 'light fades slowly'],
} as const;

/** Longer levels look at the same time more closely: seconds per shot. */
const shotSeconds: Readonly<Record<Enhancement['level'], number>> = { short: 5, medium: 3, long: 2 };

/** A prompt as a director would write it down. The same request always gives the same text. */
export function enhancePrompt(prompt: string, level: Enhancement['level'], durationSeconds: number): string {
  const next = seededNumbers(`enhance ${level} ${durationSeconds} ${prompt}`);
  const pick = (list: readonly string[]) => list[Math.floor(next() * list.length)]!;
  const headings = [
    `PRIMARY: ${prompt.trim()}`,
    `SETTING: ${pick(phrases.setting)}`,
    `LOOK: ${pick(phrases.look)}`,
    `CAMERA: ${pick(phrases.camera)}`,
    `LIGHT: ${pick(phrases.light)}`,
  ];
  const count = Math.ceil(durationSeconds / shotSeconds[level]);
  const shots = Array.from({ length: count }, (_, index) => {
    const [from, to] = [index, index + 1].map((shot) => seconds((durationSeconds * shot) / count));
    const details = level === 'short' ? '' : `; focus on ${pick(phrases.focus)}; ${pick(phrases.mood)}`;
    return `${index + 1}. ${from}-${to}s: ${pick(phrases.move)}${details}`;
  });
  return [...headings, '', `SHOTS (${durationSeconds}s, "${prompt.trim()}"):`, ...shots].join('\n');
}

function seconds(time: number): string {
  return String(Math.round(time * 10) / 10);
}
