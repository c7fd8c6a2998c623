import { assignField, type FormObject } from './bracket-fields.js';

function formOf(...fields: [string, unknown][]): FormObject {
  const form: FormObject = {};
  for (const [name, value] of fields) assignField(form, name, value);
  return form;
}

test.each<[string, [string, unknown][], object]>([
  [
    'plain names',
    [
      ['prompt', 'a'],
      ['seconds', '10'],
    ],
    { prompt: 'a', seconds: '10' },
  ],
  ['a nested name', [['input_reference[image_url]', 'data:x']], { input_reference: { image_url: 'data:x' } }],
  [
    'a list',
    [
      ['extra[b][]', '1'],
      ['extra[b][]', '2'],
    ],
    { extra: { b: ['1', '2'] } },
  ],
  [
    'a list of objects, as node writes it',
    [
      ['characters[][id]', 'c1'],
      ['characters[][id]', 'c2'],
    ],
    { characters: [{ id: 'c1' }, { id: 'c2' }] },
  ],
  [
    'a list of objects with several keys',
    [
      ['a[][x]', '1'],
      ['a[][y]', '2'],
      ['a[][x]', '3'],
    ],
    { a: [{ x: '1', y: '2' }, { x: '3' }] },
  ],
  [
    'a file list',
    [
      ['image[]', 'one'],
      ['image[]', 'two'],
    ],
    { image: ['one', 'two'] },
  ],
  ['a name whose brackets do not close', [['a[b', 'x']], { 'a[b': 'x' }],
  [
    'the later of two equal names',
    [
      ['prompt', 'a'],
      ['prompt', 'b'],
    ],
    { prompt: 'b' },
  ],
])('%s', (_, fields, expected) => {
  expect(formOf(...fields)).toEqual(expected);
});

test.each([
  [
    'a text that is also an object',
    [
      ['a', '1'],
      ['a[b]', '2'],
    ],
  ],
  [
    'an object that is also a list',
    [
      ['a[b]', '1'],
      ['a[]', '2'],
      ['a[][c]', '3'],
    ],
  ],
  ['the prototype', [['__proto__[x]', '1']]],
  ['the prototype, deeper', [['a[constructor][prototype]', '1']]],
  ['a depth that nobody needs', [['a[b][c][d][e][f][g]', '1']]],
] as [string, [string, unknown][]][])('refuses %s', (_, fields) => {
  expect(() => formOf(...fields)).toThrow('cannot be read');
  expect(({} as { x?: unknown }).x).toBeUndefined();
});
