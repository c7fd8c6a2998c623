import fc from 'fast-check';
import { dialects, publicId } from '../ids.js';
import { extractGenerationMention } from './extract-generation-mention.js';

const ulid = '01JZ8Q4M7T9V2X3Y4Z5A6B7C8D';
const otherUlid = '01JZ8Q4M7T9V2X3Y4Z5A6B7C8E';
const draft = 'gen_01k5abcd9efgh2jkmn3pqrstvw';
const own = { kind: 'own', id: ulid };

test.each([
  ['as a video', `video_${ulid} a wider shot`, 'a wider shot'],
  ['as a chat completion', `go on with chatcmpl-${ulid}.`, 'go on with .'],
  ['as anything else', `rly_${ulid}改成蓝色`, '改成蓝色'],
  ['in small letters', `video_${ulid.toLowerCase()} blue`, 'blue'],
  ['in several spellings', `video_${ulid} and chatcmpl-${ulid} and`, 'and and'],
  ['beside another one', `video_${ulid} like video_${otherUlid}`, `like video_${otherUlid}`],
  ['beside a draft', `${draft} video_${ulid}`, draft],
])('a generation of ours is found %s, whether drafts are looked for or not', (_name, prompt, rest) => {
  expect(extractGenerationMention(prompt, { drafts: false })).toEqual({ prompt: rest, mention: own });
  if (!prompt.startsWith('gen_')) {
    expect(extractGenerationMention(prompt, { drafts: true })).toEqual({ prompt: rest, mention: own });
  }
});

test.each([
  ['in front', `${draft} 流星雨`, '流星雨', draft],
  ['with text at once', `${draft}流星雨`, '流星雨', draft],
  ['at the end', `rain of meteors (${draft})`, 'rain of meteors ()', draft],
  ['alone', draft, '', draft],
  ['with capitals', 'gen_AbC123 go', 'go', 'gen_AbC123'],
  ['before another one', `${draft} like gen_abcdef and ${draft}`, 'like gen_abcdef and', draft],
  ['before one of ours', `${draft} video_${ulid}`, `video_${ulid}`, draft],
])('a draft is found %s where it is looked for', (_name, prompt, rest, id) => {
  expect(extractGenerationMention(prompt, { drafts: true })).toEqual({ prompt: rest, mention: { kind: 'draft', id } });
});

test('a draft is text where it is not looked for', () => {
  expect(extractGenerationMention(`${draft} a`, { drafts: false })).toEqual({ prompt: `${draft} a` });
});

test.each([
  ['nothing of the sort', 'a fox'],
  ['a bare ULID, which could be anything', ulid],
  ['an id in a longer word', `myvideo_${ulid}`],
  ['a longer word behind', `video_${ulid}X`],
  ['letters no ULID has', `video_${ulid.slice(0, -1)}U`],
  ['a time no ULID has', `video_8${ulid.slice(1)}`],
  ['too short a draft', 'gen_abc de'],
  ['a draft without id', 'gen_ z'],
  ['a draft in a longer word', 'oxygen_abcdef'],
  ['a draft that goes on', 'gen_abcdef_ghi'],
  ['a draft that goes on behind a hyphen', 'gen_abcdef-1'],
])('%s names no generation and is not changed', (_name, prompt) => {
  expect(extractGenerationMention(prompt, { drafts: true })).toEqual({ prompt });
});

test('every id of ours is found wherever it stands, and no text is lost', () => {
  const text = fc.string({ unit: fc.constantFrom('猫', '🦊', ' ', '\n', '.', '@', '{', '[', '\ud83d') });
  fc.assert(
    fc.property(text, fc.ulid(), fc.constantFrom(...dialects), text, (before, id, dialect, after) => {
      const { prompt, mention } = extractGenerationMention(`${before}${publicId(dialect, id)}${after}`, {
        drafts: false,
      });
      expect(mention).toEqual({ kind: 'own', id });
      expect(prompt.replace(/\s/g, '')).toBe(`${before}${after}`.replace(/\s/g, ''));
    }),
  );
});
