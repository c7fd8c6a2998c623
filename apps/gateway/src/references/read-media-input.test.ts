import { LongText } from '@reelay/contracts/request/long-text';
import type { MediaInput } from '@reelay/contracts/request/request-input';
import { FileId, StoredUpload } from '@reelay/contracts/request/stored-upload';
import { readMediaInput } from './read-media-input.js';

const read = (source: MediaInput['source']) => readMediaInput({ kind: 'image', source, param: 'there' });
const bytes = Buffer.from([1, 2, 3, 4]);
const base64 = bytes.toString('base64');

test.each<[string, MediaInput['source']]>([
  ['a data URI', `data:image/png;base64,${base64}`],
  ['a data URI with parameters', `DATA:image/png;name=a.png;BASE64,${base64}`],
  ['a data URI without a type', `data:;base64,${base64}`],
  ['a data URI that calls itself something else', `data:application/octet-stream;base64,${base64}`],
  ['bare base64', base64],
  ['wrapped base64', `\n${base64.slice(0, 3)}\n${base64.slice(3)}\n`],
  ['a long text', new LongText(Buffer.from(`data:image\\/png;base64,${base64}`))],
  ['an uploaded file', bytes],
])('%s gives its bytes, and equal bytes are the same', async (_name, source) => {
  const digest = '9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a';
  expect(await read(source)).toEqual({
    kind: 'image',
    param: 'there',
    from: 'bytes',
    bytes,
    identity: `sha256:${digest}`,
  });
});

test('what lies in the store is the same reference as its bytes would be', async () => {
  const sha256 = '9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a';
  const upload = new StoredUpload('uploads/a', 4, sha256);
  const of = { kind: 'image', param: 'there', identity: `sha256:${sha256}` };
  expect(await read(upload)).toEqual({ ...of, from: 'upload', upload });
  const file = { contentType: 'image/png', sizeBytes: 4 };
  expect(await read(new FileId('file-1', 'asked', { ...file, sha256 }))).toEqual({
    ...of,
    ...{ from: 'file', file: { id: 'file-1', ...file } },
  });
  await expect(read(new StoredUpload('uploads/a', 0, sha256))).rejects.toMatchObject({ code: 'invalid_reference' });
});

test.each(['https://example.com/a.png?b=c', ' HTTP://example.com/a'])(
  'an address is left to be fetched: %s',
  async (source) => {
    const url = source.trim();
    expect(await read(source)).toEqual({ kind: 'image', param: 'there', from: 'url', url, identity: url });
  },
);

test.each([
  ['a data URI that is not base64', 'data:image/svg+xml,%3Csvg/%3E'],
  ['a data URI with broken base64', 'data:image/png;base64,AAAAA'],
  ['an address of another kind', 'ftp://example.com/a.png'],
  ['a file of the client', 'file:///etc/passwd'],
  ['nothing', 'data:image/png;base64,'],
  ['no bytes', new Uint8Array()],
])('%s is refused by the name of its field', async (_name, source) => {
  await expect(read(source)).rejects.toMatchObject({ code: 'invalid_reference', param: 'there' });
});
