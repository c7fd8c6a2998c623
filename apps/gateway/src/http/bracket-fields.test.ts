import { UploadedFile } from '@reelay/contracts/openai/videos';
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
  [
    'a list by numbers, in their order and without holes',
    [
      ['image[10]', 'ten'],
      ['image[0]', 'none'],
      ['image[2]', 'two'],
    ],
    { image: ['none', 'two', 'ten'] },
  ],
  [
    'a list of objects by numbers, in any order',
    [
      ['characters[1][id]', 'c2'],
      ['characters[0][id]', 'c1'],
      ['characters[1][name]', 'n2'],
    ],
    { characters: [{ id: 'c1' }, { id: 'c2', name: 'n2' }] },
  ],
  [
    'numbers beside empty brackets, and after a list that was read as one',
    [
      ['a[0]', '1'],
      ['a[]', '2'],
      ['b', ['1']],
      ['b[0]', '2'],
    ],
    { a: ['1', '2'], b: ['1', '2'] },
  ],
  [
    'numbers that are no places',
    [
      ['a[100]', '1'],
      ['a[01]', '2'],
      ['a[-1]', '3'],
      ['7', '4'],
    ],
    { a: { '100': '1', '01': '2', '-1': '3' }, '7': '4' },
  ],
  [
    'images under all their names',
    [
      ['image', 'a'],
      ['image[]', 'b'],
      ['image', 'c'],
      ['image[0]', 'd'],
    ],
    { image: ['a', 'b', 'c', 'd'] },
  ],
  ['one image under its plain name', [['image', 'a']], { image: 'a' }],
  ['names that every object inherits', [['a[toString]', 'x']], { a: { toString: 'x' } }],
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

const file = new UploadedFile('a.png', new Uint8Array([1]));

test.each<[string, [string, unknown][]]>([
  [
    'two files',
    [
      ['a', file],
      ['a', file],
    ],
  ],
  [
    'a text after a file',
    [
      ['a', file],
      ['a', 'x'],
    ],
  ],
  [
    'a text after an object',
    [
      ['a[b]', 'x'],
      ['a', 'x'],
    ],
  ],
  [
    'two files of one number',
    [
      ['a[0]', file],
      ['a[0]', file],
    ],
  ],
])('drops none of %s', (_, fields) => {
  const [name] = fields[1]!;
  expect(() => formOf(...fields)).toThrow(expect.objectContaining({ code: 'invalid_value', param: name }));
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
  ['the prototype of an element', [['a[0][__proto__]', '1']]],
  [
    'the bytes of a file, under a name of their own',
    [
      ['a', file],
      ['a[bytes]', 'others'],
    ],
  ],
  [
    'a name within an image',
    [
      ['image', '1'],
      ['image[id]', '2'],
    ],
  ],
  ['the prototype, deeper', [['a[constructor][prototype]', '1']]],
  ['a depth that nobody needs', [['a[b][c][d][e][f][g]', '1']]],
] as [string, [string, unknown][]][])('refuses %s', (_, fields) => {
  expect(() => formOf(...fields)).toThrow('cannot be read');
  expect(({} as { x?: unknown }).x).toBeUndefined();
});
