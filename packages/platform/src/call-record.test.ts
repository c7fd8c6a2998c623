import { maskBody, maskHeaders } from './call-record.js';

const json = 'application/json';

test.each([
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Credential',
  'X-Goog-Signature',
  'X-Goog-Credential',
  'AWSAccessKeyId',
  'GoogleAccessId',
  'Key-Pair-Id',
  'signature',
  'sig',
])('the value of %s does not survive in a body or a header', (name) => {
  const url = `https://bucket.example/v.mp4?X-Date=1&${name}=canary&last=1`;
  expect(maskBody(JSON.stringify({ items: [{ url }] }), json)).not.toContain('canary');
  expect(maskBody(`<a href="${url.replaceAll('&', '&amp;')}">`, 'text/html')).not.toContain('canary');
  // Cut off, it is no JSON any more and is read as it stands.
  expect(maskBody(`{"url":"${url.replaceAll('&', '\\u0026')}`, json)).not.toContain('canary');
  expect(maskHeaders({ location: url }).location).toBe(url.replace('canary', '[hidden]'));
});

test('of a body 8 KB are kept, and no half of a character', () => {
  const body = `${'x'.repeat(8 * 1024 - 2)}😀${'x'.repeat(100)}`;
  expect(maskBody(body, 'text/plain')).toBe(`${'x'.repeat(8 * 1024 - 2)}…`);
});

test('a secret that the cut of a huge text halved is not among what is kept', () => {
  // What stands before shrinks to a few characters when it is hidden, so that the cut comes to lie within the kept part.
  const body = `data:image/png;base64,${'A'.repeat(64 * 1024 - 22 - 60)} http://user:${'canary'.repeat(1_000)}@proxy`;
  expect(maskBody(body, 'text/plain')).not.toContain('canary');
  expect(maskBody(body, 'text/plain')).toContain('[cut from');
});

test('of a long list only the beginning is looked at, and that it goes on is shown', () => {
  const item = { url: `data:video/mp4;base64,${'A'.repeat(1_000)}`, token: 'canary' };
  const masked = maskBody(JSON.stringify({ items: Array(5_000).fill(item), cursor: 'canary', more: {} }), json) ?? '';
  const { items, ...rest } = JSON.parse(masked) as { items: unknown[] };
  // The last one ends in the middle.
  expect(items.slice(0, -2)).toEqual(Array(items.length - 2).fill({ url: 'data:[hidden]', token: '[hidden]' }));
  expect([items.length < 100, items.at(-1), rest]).toEqual([true, '…', { '…': '…' }]);
  expect(masked).not.toContain('canary');
});

/** Each would take minutes or the whole stack with a pattern that begins again and again within one run. */
const adversarial = [
  'a.',
  'eyJ-',
  'eyJ-eyJ.',
  '__Host-',
  'data:;',
  ';',
  'data:a;base64',
  '://a:',
  ':@',
  '://',
  '://a:@',
  'sk-',
  'rly_',
  'cookie:\n',
  'access_token ',
  '?sig',
  '&x-token-',
  'Bearer ',
  'token',
  '\\u0026',
];

test.each(adversarial)('a text of 1 MB that repeats %j is masked to its first 8 KB', (piece) => {
  const text = `?${piece.repeat(2 ** 20 / piece.length)}`;
  for (const body of [text, JSON.stringify({ prompt: text }), JSON.stringify([text.match(/[\s\S]{1,60000}/g)])]) {
    const masked = maskBody(body, json) ?? '';
    expect(masked.length).toBeGreaterThan(0);
    expect(masked.length).toBeLessThanOrEqual(8 * 1024);
  }
});

describe('of media nothing is kept', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452canary', 'latin1');
  const form = Buffer.concat([
    Buffer.from('--json\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\ncanary'),
    png,
    Buffer.from('\r\n--json--\r\n'),
  ]);

  test.each([
    ['multipart/form-data; boundary=json', form, 'multipart/form-data'],
    ['multipart/related; type="application/json"; boundary=x', form, 'multipart/related'],
    ['Multipart/Form-Data; boundary=----xml', form.toString('latin1'), 'multipart/form-data'],
    ['image/png', png, 'image/png'],
    ['image/svg+xml', Buffer.from('<svg>canary</svg>'), 'image/svg+xml'],
    ['application/octet-stream', Buffer.from('canary'), 'application/octet-stream'],
    ['application/octet-stream', 'canary', 'application/octet-stream'],
    [undefined, Buffer.from('canary'), 'unknown type'],
    ['text/plain', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from('canary')]), 'text/plain'],
  ])('in a body of type %s', (contentType, body, named) => {
    expect(maskBody(body, contentType)).toBe(`[${Buffer.byteLength(body)} bytes of ${named}]`);
  });

  test.each([
    'application/json; charset=utf-8',
    'text/html',
    'application/problem+json',
    'application/x-ndjson',
    undefined,
  ])('and text of type %s is kept', (contentType) => {
    expect(maskBody('plain', contentType)).toBe('plain');
    if (contentType) expect(maskBody(Buffer.from('plain'), contentType)).toBe('plain');
  });
});
