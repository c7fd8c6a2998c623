/** First lines of a request: ids of one's own, of nobody and of no shape at all, and queries beside their schema. */
import type { Parameter } from '@reelay/contracts/openapi/document';
import fc, { type Arbitrary } from 'fast-check';
import type { KnownValues } from './known-values.js';
import { nastyKeys, nastyTexts } from './nasty-values.js';
import { type SchemaSource, valuesOf } from './schema-values.js';

export interface TargetSource {
  readonly components: SchemaSource['components'];
  readonly known: KnownValues;
}

/** `path` with `:name` or `*` where a parameter stands. */
export function targetsOf(path: string, parameters: readonly Parameter[], source: TargetSource): Arbitrary<string> {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  return fc.tuple(pathsOf(path, source), queriesOf(inQuery, source)).map(([written, query]) => `${written}${query}`);
}

/** As they stand in a path: already encoded, or not and ought to be. */
const oddSegments: readonly string[] = [
  ...[
    '',
    '.',
    '..',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '%',
    '%zz',
    '%00',
    'a%00b',
    '%ff',
    '%c0%80',
    '%ed%a0%80',
    '%F0%9F%98%80',
    '%0d%0a',
    '%20',
    '+',
  ],
  ...[
    '*',
    ';a=b',
    '%3f',
    '%23',
    '%2f',
    '%5c',
    '\\',
    '"',
    '<>',
    '{id}',
    ':id',
    '|',
    '^',
    '`',
    'caf\xe9',
    '\xff\xfe',
    'тест',
    '😀',
    "'",
    '$&',
    '~',
    '@',
    'a,b',
  ],
  ...[
    'x'.repeat(255),
    'x'.repeat(256),
    'x'.repeat(257),
    'x'.repeat(5_000),
    'x'.repeat(17_000),
    '%61'.repeat(200),
    'a/b',
    'a//b',
    '/',
  ],
  ...[
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    'null',
    'undefined',
    'NaN',
    '0',
    '-1',
    '1e309',
    'edits',
    'extensions',
    'characters',
    'content',
  ],
  ...[
    'video_',
    'char_',
    'file-',
    'whe_',
    'whd_',
    'rly_',
    'chatcmpl-',
    'img_',
    'gen_x',
    's_x',
    '7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    '01J0000000000000000000000',
  ],
  ...[
    'video_01J00000000000000000000000',
    'VIDEO_01J00000000000000000000000',
    'video_01j00000000000000000000000',
    'video_01J0000000000000000000000U',
    'video_video_01J00000000000000000000000',
  ],
  ...[
    'char_01J00000000000000000000000',
    'file-01J00000000000000000000000',
    'whe_01J00000000000000000000000',
    `whd_${'0'.repeat(32)}`,
  ],
];

function pathsOf(path: string, { known }: TargetSource): Arbitrary<string> {
  const pieces = path.split(/(:\w+|\*)/);
  const written = pieces.map((piece): Arbitrary<string> => {
    if (!/^(:|\*)/.test(piece)) return fc.constant(piece);
    const own = known.inPaths[`${path} ${piece}`] ?? [];
    const odd = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...oddSegments) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }).map(encode) },
      { weight: 1, arbitrary: fc.constantFrom(...nastyTexts.filter(({ length }) => length < 9_000)).map(encode) },
    );
    return own.length === 0
      ? odd
      : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...own) }, { weight: 2, arbitrary: odd });
  });
  return fc.tuple(...written).map((segments) => segments.join(''));
}

function queriesOf(parameters: readonly Parameter[], source: TargetSource): Arbitrary<string> {
  const pairs = parameters.map(({ name, schema }) => {
    const values = fc.oneof(
      { weight: 3, arbitrary: valuesOf(schema, { ...source, strictness: 'valid' }, name) },
      { weight: 2, arbitrary: valuesOf(schema, { ...source, strictness: 'edges' }, name) },
      { weight: 2, arbitrary: fc.constantFrom<unknown>(...nastyTexts.filter(({ length }) => length < 9_000)) },
    );
    return fc.option(values.map((value) => `${name}=${encode(textOf(value))}`));
  });
  const odd = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: fc.constantFrom(...oddQueries(parameters.map(({ name }) => name))) },
  );
  return fc.tuple(fc.tuple(...pairs), odd).map(([given, more]) => {
    const query = [...given.filter((pair) => pair !== null), ...(more === '' ? [] : [more])].join('&');
    return query === '' ? '' : `?${query}`;
  });
}

function oddQueries(names: readonly string[]): string[] {
  const name = names[0] ?? 'a';
  return [
    ...[
      '&&&',
      '=',
      '%',
      '%zz=%ff',
      '?',
      '#x',
      'a=%00',
      'a=%ed%a0%80',
      '\xff=\xfe',
      'x'.repeat(9_000),
      'a=1&'.repeat(2_000),
      'api_key=x',
      'access_token=x',
    ],
    ...nastyKeys.filter(({ length }) => length < 100).map((key) => `${encode(key)}=1`),
    ...names.flatMap((each) => [
      `${each}=a&${each}=b`,
      `${each}[]=1`,
      `${each}[a]=1`,
      each,
      `${each}=`,
      `${each}=%00`,
      `${each}=%ff`,
      `${each}=1%20`,
    ]),
    `${name}[__proto__][x]=1`,
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Also what has halves of characters in it. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
