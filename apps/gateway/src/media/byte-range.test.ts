import { isModifiedSince, matchesEtag, parseRange } from './byte-range.js';

const size = 1000;

test.each([
  [undefined, { kind: 'whole' }],
  ['bytes=0-', { kind: 'part', start: 0, end: 999 }],
  ['bytes=0-0', { kind: 'part', start: 0, end: 0 }],
  ['bytes=100-199', { kind: 'part', start: 100, end: 199 }],
  ['bytes=900-5000', { kind: 'part', start: 900, end: 999 }],
  ['bytes=-100', { kind: 'part', start: 900, end: 999 }],
  ['bytes=-5000', { kind: 'part', start: 0, end: 999 }],
  ['bytes=999-', { kind: 'part', start: 999, end: 999 }],
  ['bytes=1000-', { kind: 'unsatisfiable' }],
  ['bytes=1000-1001', { kind: 'unsatisfiable' }],
  ['bytes=-0', { kind: 'unsatisfiable' }],
  // Ignored, as RFC 9110 allows or demands.
  ['bytes=5-2', { kind: 'whole' }],
  ['bytes=-', { kind: 'whole' }],
  ['bytes=0-1,5-6', { kind: 'whole' }],
  ['items=0-1', { kind: 'whole' }],
  ['bytes=a-b', { kind: 'whole' }],
  ['bytes=0-99999999999999999999', { kind: 'whole' }],
])('%s of 1000 bytes', (header, expected) => {
  expect(parseRange(header, size)).toEqual(expected);
});

test('nothing of an empty file can be asked for', () => {
  expect(parseRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' });
  expect(parseRange('bytes=-1', 0)).toEqual({ kind: 'unsatisfiable' });
});

test.each([
  [undefined, false],
  ['"abc"', true],
  ['W/"abc"', true],
  ['"x", "abc"', true],
  ['*', true],
  ['"abcd"', false],
  ['abc', false],
])('If-None-Match %s against "abc" is %s', (header, expected) => {
  expect(matchesEtag(header, '"abc"')).toBe(expected);
});

test.each([
  [undefined, true],
  ['Sun, 22 Nov 2026 10:00:00 GMT', false],
  ['Sun, 22 Nov 2026 11:00:00 GMT', false],
  ['Sun, 22 Nov 2026 09:59:59 GMT', true],
  ['yesterday', true],
])('a file of 10:00:00.5 was modified since %s: %s', (header, expected) => {
  expect(isModifiedSince(header, new Date('2026-11-22T10:00:00.500Z'))).toBe(expected);
});
