import fc from 'fast-check';
import { formatStoryboard } from './format-storyboard.js';
import { parseStoryboard } from './parse-storyboard.js';

const parachute = [
  { seconds: '5.0', scene: '猫猫从飞机上跳伞' },
  { seconds: '5.0', scene: '猫猫降落' },
  { seconds: '10.0', scene: '猫猫在田野奔跑' },
];

test.each([
  ['in one line', '[5.0s]猫猫从飞机上跳伞 [5.0s]猫猫降落 [10.0s]猫猫在田野奔跑'],
  ['in several lines', '[5.0s]猫猫从飞机上跳伞\n[5.0s]猫猫降落\n  [10.0s] 猫猫在田野奔跑\n'],
])('reads shots %s', (_name, prompt) => {
  expect(parseStoryboard(prompt)).toEqual({ instructions: '', shots: parachute });
});

test.each([
  ['text before the first tag', ' In ink\n[5s]a', { instructions: 'In ink', shots: [{ seconds: '5', scene: 'a' }] }],
  [
    'other brackets, which belong to the text',
    '[draft] x [5s]a [wide] [shot s] [3 s]b [2.5s] c]',
    {
      instructions: '[draft] x',
      shots: [
        { seconds: '5', scene: 'a [wide] [shot s] [3 s]b' },
        { seconds: '2.5', scene: 'c]' },
      ],
    },
  ],
  ['line breaks inside of a shot', '[5s]a\n\nb', { instructions: '', shots: [{ seconds: '5', scene: 'a\n\nb' }] }],
  [
    'a tag without text, for its time counts',
    '[05.50s][5s]land[3s]',
    {
      instructions: '',
      shots: [
        { seconds: '05.50', scene: '' },
        { seconds: '5', scene: 'land' },
        { seconds: '3', scene: '' },
      ],
    },
  ],
])('keeps %s', (_name, prompt, storyboard) => {
  expect(parseStoryboard(prompt)).toEqual(storyboard);
});

test.each([
  'a fox',
  '',
  '[5]a',
  '[s]a',
  '[5.s]a',
  '[.5s]a',
  '[5,0s]a',
  '[5S]a',
  '[-5s]a',
  '[5 s]a',
  '5s a',
  '[5.0.0s]a',
  '[5s]',
  ' [5s] \n',
  '[5s] [5s]',
  'a fox [5s]',
])('%j is no storyboard', (prompt) => {
  expect(parseStoryboard(prompt)).toBeUndefined();
});

describe('the text sent upstream', () => {
  test('is the one seen from the original', () => {
    const storyboard = parseStoryboard('Intro\n[5.0s]a jump [5s]land');
    expect(storyboard && formatStoryboard(storyboard)).toBe(
      'current timeline:\nShot 1:\nduration: 5.0sec\nScene: a jump\n\nShot 2:\nduration: 5sec\nScene: land\n\ninstructions:\nIntro',
    );
  });

  test('has only the shots where there are no instructions', () => {
    const storyboard = parseStoryboard('[5s]a [3s]');
    expect(storyboard && formatStoryboard(storyboard)).toBe(
      'Shot 1:\nduration: 5sec\nScene: a\n\nShot 2:\nduration: 3sec\nScene: ',
    );
  });
});

const letters = (text: string) => text.replace(/\s/g, '');

test('no tag and no text gets lost', () => {
  const part = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '猫', '5', 's', '.', '[', ']', ' ', '\n') }),
    fc.constantFrom('[5s]', '[5.0s]', '[120s]', '[5', '.0s]'),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const prompt = parts.join('');
      const storyboard = parseStoryboard(prompt);
      if (!storyboard) return;
      const { instructions, shots } = storyboard;
      const again = instructions + shots.map(({ seconds, scene }) => `[${seconds}s]${scene}`).join('');
      expect(letters(again)).toBe(letters(prompt));
      expect(shots.some(({ scene }) => scene !== '')).toBe(true);
      const sent = letters(formatStoryboard(storyboard));
      for (const { scene } of shots) expect(sent).toContain(letters(scene));
      expect(sent).toContain(letters(instructions));
    }),
  );
});
