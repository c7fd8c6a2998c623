import fc from 'fast-check';
import { breakValue, broken, type Edit } from './break-value.js';
import { FormFile } from './known-values.js';
import { RawJson, writeJson, writeTwice } from './write-json.js';

const value = { prompt: 'boat', list: [1, { id: 'x' }] };
// Places in order: all of it, prompt, list, list[0], list[1], list[1].id.
const at = (place: number, edit: Edit) => writeJson(breakValue(value, place, edit));

test.each<[string, number, Edit, string]>([
  ['replaced', 1, { kind: 'replace', by: new RawJson('1e309') }, '{"prompt":1e309,"list":[1,{"id":"x"}]}'],
  ['all of it replaced', 0, { kind: 'replace', by: [] }, '[]'],
  ['deep inside', 5, { kind: 'wrap' }, '{"prompt":"boat","list":[1,{"id":["x"]}]}'],
  ['removed', 3, { kind: 'remove' }, '{"prompt":"boat","list":[{"id":"x"}]}'],
  ['renamed', 1, { kind: 'rename', key: 'constructor' }, '{"list":[1,{"id":"x"}],"constructor":"boat"}'],
  ['as text', 4, { kind: 'stringify' }, '{"prompt":"boat","list":[1,"{\\"id\\":\\"x\\"}"]}'],
  [
    'with a field called __proto__',
    4,
    { kind: 'add', key: '__proto__', value: { a: 1 } },
    '{"prompt":"boat","list":[1,{"id":"x","__proto__":{"a":1}}]}',
  ],
  ['any number is a place', 7, { kind: 'replace', by: null }, '{"prompt":null,"list":[1,{"id":"x"}]}'],
])('one place is %s, and all others stay', (_name, place, edit, text) => {
  expect(at(place, edit)).toBe(text);
  expect(writeJson(value)).toBe('{"prompt":"boat","list":[1,{"id":"x"}]}');
});

test('whatever is broken can be written, and no prototype is touched by it', () => {
  fc.assert(
    fc.property(
      broken(fc.constant({ ...value, file: new FormFile('a.png', 'image/png', Buffer.alloc(1)) })),
      (given) => {
        expect(typeof writeJson(given)).toBe('string');
      },
    ),
    { seed: 1, numRuns: 500 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('written twice, what is meant comes last', () => {
  expect(JSON.parse(writeTwice({ a: 1, b: [2] }))).toEqual({ a: 1, b: [2] });
  expect(writeTwice({ a: 1 })).toBe('{"a":1,"a":1}');
  expect([writeTwice({}), writeTwice([1])]).toEqual(['{}', '[1]']);
});
