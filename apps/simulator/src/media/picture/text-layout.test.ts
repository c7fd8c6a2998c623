import { textWidth } from './font.js';
import { wrapText } from './text-layout.js';

const WIDTH = 100;

test('breaks at spaces and loses no word', () => {
  const text = 'The quick brown fox jumps over the lazy dog and runs away';
  const lines = wrapText(text, WIDTH, 10);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join(' ')).toBe(text);
  for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(WIDTH);
});

test('breaks a word only where it is longer than a line', () => {
  const lines = wrapText(`so ${'long'.repeat(20)} is it`, WIDTH, 20);
  expect(lines[0]).toBe('so');
  expect(lines.join('').replaceAll(' ', '')).toBe(`so${'long'.repeat(20)}isit`);
});

test('breaks Chinese between any two characters', () => {
  const lines = wrapText('一只红色的狐狸在雪地里行走'.repeat(3), WIDTH, 10);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join('')).toHaveLength(39);
});

test('says with an ellipsis that there was more', () => {
  const lines = wrapText('word '.repeat(100), WIDTH, 2);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/…$/);
  expect(textWidth(lines[1]!)).toBeLessThanOrEqual(WIDTH);
});

test('an empty text has no lines', () => {
  expect(wrapText('', WIDTH, 3)).toEqual([]);
});
