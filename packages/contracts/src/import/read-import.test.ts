import fc from 'fast-check';
import type { ImportMode } from '../batches.js';
import { type BadRow, type ImportRow, isBadRow } from './import-row.js';
import { longestElement } from './json-elements.js';
import { kindOfToken } from './kind-of-token.js';
import { readImport } from './read-import.js';

async function read(
  text: string,
  mode: ImportMode = 'offline',
  pieceLength = text.length,
): Promise<(ImportRow | BadRow)[]> {
  async function* pieces() {
    for (let at = 0; at < text.length; at += Math.max(1, pieceLength))
      yield text.slice(at, at + Math.max(1, pieceLength));
  }
  const rows: (ImportRow | BadRow)[] = [];
  for await (const row of readImport(pieces(), mode)) rows.push(row);
  return rows;
}

const secretToken = 'eyJhbGciOiJSUzI1NiJ9.eyJlbWFpbCI6ImEifQ.c2VjcmV0';
const exported = {
  ...{ email: 'a@example.com', access_token: 'at-1', session_token: null, refresh_token: 'rt-1', client_id: null },
  ...{ proxy_url: 'http://me:pass@proxy.example:8080', remark: 'first', is_active: true, image_enabled: true },
  ...{ video_enabled: false, image_concurrency: -1, video_concurrency: 0 },
};
const asRead = {
  ...{
    email: 'a@example.com',
    accessToken: 'at-1',
    refreshToken: 'rt-1',
    proxyUrl: 'http://me:pass@proxy.example:8080',
  },
  ...{ label: 'first', isActive: true, imageEnabled: true, videoEnabled: false, imageLimit: -1, videoLimit: -1 },
};

describe('the form of a file is told by its beginning', () => {
  test.each<[string, string, object[]]>([
    ["sora2api's export", JSON.stringify([exported, exported], null, 2), [asRead, asRead]],
    ["the body of sora2api's import call", JSON.stringify({ mode: 'at', tokens: [exported] }, null, 2), [asRead]],
    ['one object per line', `${JSON.stringify(exported)}\n${JSON.stringify(exported)}\n`, [asRead, asRead]],
    ['one indented object', JSON.stringify(exported, null, 2), [asRead]],
    ['an array of tokens', '["at-1", "at-2"]', [{ accessToken: 'at-1' }, { accessToken: 'at-2' }]],
    [
      'a token per line, any line end',
      '# mine\r\nat-1\r\n\r\nBearer at-2',
      [{ accessToken: 'at-1' }, { accessToken: 'at-2' }],
    ],
    [
      'CSV with a comma',
      'Access Token,Remark\nat-1,"said ""hi"", twice"\n',
      [{ accessToken: 'at-1', label: 'said "hi", twice' }],
    ],
    [
      'CSV with a semicolon',
      'email;ST;video_concurrency\r\nx@y.z;st-1;5',
      [{ email: 'x@y.z', sessionToken: 'st-1', videoLimit: 5 }],
    ],
    ['CSV with tabs', 'rt\tis_active\nrt-1\tno\n', [{ refreshToken: 'rt-1', isActive: false }]],
    ['nothing', ' \n\t', []],
    ['an empty array', '[]', []],
  ])('%s', async (_, text, rows) => {
    expect(await read(text)).toEqual(rows);
    expect(await read(text, 'offline', 1)).toEqual(rows);
  });
});

test('a list of tokens is what the mode says, and without one what its shape says', async () => {
  expect(await read('x', 'refresh')).toEqual([{ refreshToken: 'x' }]);
  expect(await read('x', 'session')).toEqual([{ sessionToken: 'x' }]);
  expect(await read('{"refresh_tokens": ["x"]}\n', 'auto')).toEqual([{ refreshToken: 'x' }]);
  expect(['eyJh.eyJi.c', 'eyJh..iv.text.tag', 'rt_abc', 'eyJ'].map(kindOfToken)).toEqual([
    ...['accessToken', 'sessionToken', 'refreshToken', 'refreshToken'],
  ]);
});

test('what cannot be used is told in its place, without repeating it, and the rows around it are read', async () => {
  const rows = await read(
    JSON.stringify([
      exported,
      7,
      { remark: 'secret-remark' },
      { ...exported, proxy_url: 'ftp://me:secret@x' },
      exported,
    ]),
  );
  expect(rows.map(isBadRow)).toEqual([false, true, true, true, false]);
  expect(JSON.stringify(rows.filter(isBadRow))).not.toMatch(/secret/);
});

test.each<[string, string, RegExp]>([
  ['a token with a space inside', 'token\nat 1\n', /^token: has spaces or line breaks inside/],
  ['a token with a typographic character', '["at–1"]', /^accessToken: has characters that no token has/],
  [
    'a number that is none',
    '[{"token": "a", "image_concurrency": "many"}]',
    /^image_concurrency: must be a whole number/,
  ],
  ['a flag that is none', '[{"token": "a", "is_active": "perhaps"}]', /^is_active: must be true or false\.$/],
  ['a token that is no text', '[{"access_token": 5}]', /^access_token: must be text/],
  ['a target that is none', '[{"access_token": "a", "target": "mars"}]', /^target: must be "sora" or "simulator"\.$/],
  ['a token in the column of remarks', `token,remark\na,${secretToken}`, /^remark: holds a token\./],
  ['more fields than names', 'token,remark\na,one, two', /more fields than the header/],
])('%s is told by the name of its field and what it may be', async (_, text, problem) => {
  expect(await read(text)).toEqual([{ problem: expect.stringMatching(problem) as string }]);
});

test.each<[string, string, object[]]>([
  ['the file ends', '', []],
  ['a row has quotes of its own', '\nat-3,"third"\nat-4,fourth', [{ accessToken: 'at-4', label: 'fourth' }]],
  ['a quote stands for inches', '\nat-3,5"\nat-4,fourth', [{ accessToken: 'at-4', label: 'fourth' }]],
])('a quote that is not closed before %s makes no label of the tokens behind it', async (_, end, others) => {
  for (const token of [secretToken, 'rt_0123456789_of_another_account']) {
    const [swallowed, ...rest] = await read(`token,remark\nat-1,"first\n${token},second${end}`);
    expect(swallowed).toEqual({ problem: expect.stringMatching(/several lines.*never closed/) as string });
    expect(rest).toEqual(others);
  }
});

test('a row that is far too long is left out, and the ones behind it are read', async () => {
  const long = 'x'.repeat(longestElement + 1);
  const forms = [
    `["${long}", "at-2"]`,
    `{"at":"${long}"}\n{"at":"at-2"}\n`,
    `token,remark\n${long},a\nat-2,\n`,
    `at-1\n${long}\nat-2`,
  ];
  for (const form of forms) {
    const rows = await read(form, 'offline', 50_000);
    expect(rows.filter(isBadRow)).toHaveLength(1);
    expect(rows.at(-1)).toMatchObject({ accessToken: 'at-2' });
  }
});

test('a file that was cut off says so after its last whole row', async () => {
  const whole = JSON.stringify([exported, exported]);
  const rows = await read(whole.slice(0, -20));
  expect(rows).toEqual([asRead, { problem: expect.stringContaining('cut off') as string }]);
});

const word = fc
  .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 })
  .map((text) => `t${text.replace(/[\s#]/gu, '_')}`);

test('JSON is read the same however it is cut into pieces, whatever its strings hold', async () => {
  const account = fc.record({ access_token: word, remark: fc.string({ unit: 'binary', maxLength: 40 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(account, { maxLength: 8 }), fc.integer({ min: 1, max: 60 }), async (accounts, length) => {
      const forms = [
        JSON.stringify(accounts),
        JSON.stringify(accounts, null, 3),
        accounts.map((each) => JSON.stringify(each)).join('\n'),
      ];
      for (const form of forms) {
        const rows = await read(form, 'offline', length);
        expect(rows).toEqual(await read(form));
        expect(rows.map((row) => (row as ImportRow).accessToken)).toEqual(
          accounts.map((each) => each.access_token.trim()),
        );
      }
    }),
    { numRuns: 150 },
  );
});

test('CSV is read the same however it is cut into pieces, whatever its quoted fields hold', async () => {
  const field = fc.string({ unit: 'grapheme', maxLength: 30 });
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      ...[
        fc.array(fc.tuple(word, field), { maxLength: 8 }),
        fc.constantFrom(',', ';', '\t'),
        fc.integer({ min: 1, max: 60 }),
      ],
      async (records: [string, string][], delimiter: string, length: number) => {
        const lines = [['token', 'remark'], ...records].map((fields) => fields.map(quote).join(delimiter));
        const rows = await read(lines.join('\r\n'), 'offline', length);
        expect(rows.map((row) => (row as ImportRow).accessToken)).toEqual(records.map(([token]) => token.trim()));
      },
    ),
    { numRuns: 150 },
  );
});
