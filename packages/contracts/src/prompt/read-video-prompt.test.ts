import fc from 'fast-check';
import { readVideoPrompt, type VideoPrompt } from './read-video-prompt.js';

const share = 's_68e3a06dcd888191b150971da152c1f5';
const link = `https://sora.chatgpt.com/p/${share}`;
const ulid = '01JZ8Q4M7T9V2X3Y4Z5A6B7C8D';
const draft = 'gen_01k5abcd9efgh2jkmn3pqrstvw';

const cases: [string, string, VideoPrompt][] = [
  ['a prompt of text', '一只小猫在草地上奔跑', { prompt: '一只小猫在草地上奔跑' }],
  ['a character', ' @cat.fan dances\n', { prompt: ' @cat.fan dances\n' }],
  ['a style', '{anime}一只小猫', { prompt: '一只小猫', style: 'anime' }],
  ['a remix', `${link}改成水墨画风格`, { prompt: '改成水墨画风格', share }],
  ['a remix with a style', `{comic}${link}改成漫画风格`, { prompt: '改成漫画风格', share, style: 'comic' }],
  [
    'a generation of ours',
    `video_${ulid}: wider {news}`,
    { prompt: ': wider', mention: { kind: 'own', id: ulid }, style: 'news' },
  ],
  [
    'a storyboard with a style and instructions',
    'In ink {retro}\n[5.0s]a [5s]b',
    {
      prompt: 'In ink\n[5.0s]a [5s]b',
      style: 'retro',
      storyboard: {
        instructions: 'In ink',
        shots: [
          { seconds: '5.0', scene: 'a' },
          { seconds: '5', scene: 'b' },
        ],
      },
    },
  ],
  ['a draft that nobody looks for', `${draft} go on`, { prompt: `${draft} go on` }],
];

test.each(cases)('reads %s', (_name, prompt, read) => {
  expect(readVideoPrompt(prompt)).toEqual(read);
});

test('reads a draft where it is looked for', () => {
  expect(readVideoPrompt(`${draft} {anime} 流星雨`, { drafts: true })).toEqual({
    prompt: '流星雨',
    mention: { kind: 'draft', id: draft },
    style: 'anime',
  });
});

const marks = [link, share, `${link}?a=b`, `video_${ulid}`, draft, '{anime}', '{Retro }', '{x}', '[5.0s]', '[3s]'];
const scraps = [
  's_',
  'gen_',
  'video_',
  '{',
  '}',
  '[',
  ']',
  '5s',
  'https://',
  'sora.chatgpt.com/p/',
  '?',
  '#',
  '=',
  '-',
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...marks) },
  { weight: 2, arbitrary: fc.constantFrom(...scraps) },
  fc.string({ unit: 'binary' }),
  fc.constantFrom(' ', '\n', '\r\n', '\u3000', '\0', '\ud83d', '猫'),
);
const anyPrompt = fc.array(text, { maxLength: 40 }).map((parts) => parts.join(''));
const letters = (value: string) => value.replace(/\s/g, '');

test('no prompt crashes it, and one without marks stays as it was', () => {
  fc.assert(
    fc.property(anyPrompt, fc.boolean(), (prompt, drafts) => {
      const read = readVideoPrompt(prompt, { drafts });
      if (!read.share && !read.mention && !read.style) expect(read.prompt).toBe(prompt);
      expect(letters(read.prompt).length).toBeLessThanOrEqual(letters(prompt).length);
    }),
    { numRuns: 1_000 },
  );
});

test('what is taken out of a prompt are marks with the meaning that was read, and nothing else', () => {
  const word = fc.string({ unit: fc.constantFrom('猫', '🦊', ',', '{', '[', '。', '\ud83d'), maxLength: 5 });
  const piece = fc.oneof(word, fc.constantFrom(link, `video_${ulid}`, '{anime}', '{ANIME}', '{x}', '[5.0s]', '[3s]'));
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom(' ', '\n', '\n\n '), (pieces, gap) => {
      const { prompt } = readVideoPrompt(pieces.join(gap));
      const kept = pieces.filter((each) => ![link, `video_${ulid}`, '{anime}', '{ANIME}'].includes(each));
      expect(letters(prompt)).toBe(letters(kept.join('')));
    }),
  );
});

test('reading what remains again comes to an end', () => {
  fc.assert(
    fc.property(anyPrompt, (prompt) => {
      let { prompt: rest } = readVideoPrompt(prompt, { drafts: true });
      for (let round = 0; round < 200; round++) {
        const again = readVideoPrompt(rest, { drafts: true }).prompt;
        if (again === rest) return;
        rest = again;
      }
      throw new Error(`still changing: ${JSON.stringify(rest)}`);
    }),
  );
});

/** Time that grows with the square would exceed the test's limit by far. */
test.each([
  ['braces', '{'],
  ['open styles', '{anime'],
  ['styles', '{anime}\n'],
  ['different styles', '{anime}{retro}'],
  ['brackets', '['],
  ['open tags', '[1.1'],
  ['tags', '[5s]'],
  ['digits', '1'],
  ['links', link],
  ['links with a query', `${link}?a=.,`],
  ['open queries', `${link}?a`],
  ['fragments', `${link}#.`],
  ['hosts', 'www.sora.chatgpt.com/p/'],
  ['share ids in a row', share],
  ['share ids', `${share} `],
  ['drafts in a row', `${draft}_`],
  ['one long draft', 'gen_a'],
  ['our ids', `video_${ulid}\n`],
  ['white space', ' '],
  ['line breaks', '\n'],
])('200,000 characters of %s are read in good time', (_name, unit) => {
  const long = unit.repeat(Math.ceil(200_000 / unit.length));
  for (const prompt of [long, `[5s${long}`, `${'\n'.repeat(100_000)}${long}-`, `gen_${long}_`, `${link}?a=${long}`]) {
    const { prompt: rest } = readVideoPrompt(prompt, { drafts: true });
    expect(rest.length).toBeLessThanOrEqual(prompt.length);
  }
});
