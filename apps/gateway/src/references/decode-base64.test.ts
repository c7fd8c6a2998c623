import { createHash, randomBytes } from 'node:crypto';
import { LongText } from '@reelay/contracts/request/long-text';
import fc from 'fast-check';
import { decodeBase64 } from './decode-base64.js';

async function expectDecoded(text: string | LongText, bytes: Uint8Array): Promise<void> {
  const decoded = await decodeBase64(text);
  expect([decoded?.bytes.equals(bytes), decoded?.sha256]).toEqual([
    true,
    createHash('sha256').update(bytes).digest('hex'),
  ]);
}

test('all bytes come back, with padding or without, in either alphabet, wrapped at any width', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array(),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 80 }),
      async (bytes, isUrl, isBare, width) => {
        const encoded = Buffer.from(bytes).toString(isUrl ? 'base64url' : 'base64');
        const text = (isBare ? encoded.replace(/=+$/, '') : encoded).replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n');
        await expectDecoded(text, bytes);
        await expectDecoded(new LongText(Buffer.from(JSON.stringify(text).slice(1, -1))), bytes);
        const slashed = text.replaceAll('/', '\\/').replaceAll('\r\n', '\\n');
        await expectDecoded(new LongText(Buffer.from(slashed)), bytes);
      },
    ),
  );
});

test('what is decoded in pieces is the same, wherever the pieces end', async () => {
  for (const length of [786_429, 786_430, 786_431, 786_432, 1_572_864, 2_000_001]) {
    const bytes = randomBytes(length);
    const text = bytes.toString('base64');
    const spread = text.replace(/.{77}/g, '$&\n');
    for (const written of [text, spread, `${text}\n\n`, `${' '.repeat(1_048_576)}${text}`]) {
      await expectDecoded(written, bytes);
    }
    const escaped = text.replace(/[/A]/g, (digit) => (digit === '/' ? '\\/' : '\\u0041'));
    await expectDecoded(new LongText(Buffer.from(escaped)), bytes);
    const padded = `${text.slice(0, 1_048_570)}=${text.slice(1_048_571)}A`;
    for (const broken of [padded, `${text.slice(0, -5)}*`, `${text.slice(0, 1_000)}*${text.slice(1_000)}`]) {
      expect(await decodeBase64(broken)).toBeUndefined();
    }
  }
});

test.each([
  ['a character that is none of it', 'AAAA*AAA'],
  ['a colon, as in a scheme', 'ftp://a/b'],
  ['one digit too many', 'AAAAA'],
  ['too much padding', 'AAAA===='],
  ['padding that does not fill up', 'AAA=='],
  ['padding in the middle', 'AA==AAAA'],
  ['a placeholder', '<base64_encoded_image_data>'],
  ['letters beyond ASCII', 'AAAÄ'],
])('%s is not base64', async (_name, text) => {
  expect(await decodeBase64(text)).toBeUndefined();
});

test('a text with one strange character is refused wherever it stands', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 3 }),
      fc.nat(),
      fc.constantFrom('*', '!', '.', 'é', '\0'),
      async (bytes, at, strange) => {
        const text = Buffer.from(bytes).toString('base64').replace(/=+$/, '');
        const place = at % (text.length + 1);
        expect(await decodeBase64(text.slice(0, place) + strange + text.slice(place))).toBeUndefined();
      },
    ),
  );
});
