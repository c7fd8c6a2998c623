import fc from 'fast-check';
import { extractStyle } from './extract-style.js';
import { styleIds } from './styles.js';

test.each([
  ['{anime}一只小猫在草地上奔跑', '一只小猫在草地上奔跑', 'anime'],
  ['{retro}城市街道夜景', '城市街道夜景', 'retro'],
  ['一只小猫{comic}', '一只小猫', 'comic'],
  ['a {anime} b', 'a b', 'anime'],
  ['{Anime} hello   world', 'hello   world', 'anime'],
  ['{ GOLDEN\t} a', 'a', 'golden'],
  ['{anime}', '', 'anime'],
])('%j asks for a style', (prompt, rest, style) => {
  expect(extractStyle(prompt)).toEqual({ prompt: rest, style });
});

test.each([
  ['other groups', '{a} fox {anime} {b}', '{a} fox {b}', 'anime'],
  ['line breaks', 'one\n\ntwo {anime} three\nfour', 'one\n\ntwo three\nfour', 'anime'],
  ['a second style', '{retro} {anime} a', '{anime} a', 'retro'],
  ['JSON', '{"mood":"x","look":{news}}', '{"mood":"x","look":}', 'news'],
  ['an open brace', '{ {anime} a {', '{ a {', 'anime'],
])('%s stay as they are', (_name, prompt, rest, style) => {
  expect(extractStyle(prompt)).toEqual({ prompt: rest, style });
});

test('repetitions of the style are removed with it', () => {
  expect(extractStyle('{anime}a {ANIME} b{anime}')).toEqual({ prompt: 'a b', style: 'anime' });
});

test.each([
  'a fox',
  '',
  '{}',
  '{unknown} a',
  '{anime style} a',
  '{anime',
  'anime}',
  '｛anime｝',
  '{{anime',
  '{an\nime}',
])('%j asks for none and is not changed', (prompt) => {
  expect(extractStyle(prompt)).toEqual({ prompt });
});

test('finds a style wherever it stands, and loses no text', () => {
  const text = fc.string({ unit: 'grapheme' }).map((value) => value.replace(/[{}]/g, ''));
  fc.assert(
    fc.property(text, text, fc.constantFrom(...styleIds), (before, after, id) => {
      const { prompt, style } = extractStyle(`${before}{${id}}${after}`);
      expect(style).toBe(id);
      expect(prompt.replace(/\s/g, '')).toBe(`${before}${after}`.replace(/\s/g, ''));
    }),
  );
});
