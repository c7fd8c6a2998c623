import { createHash } from 'node:crypto';
import { type Client, clientOf, type FormPart, imageBody, mp4, PRO, picture, png } from '../testing/client.js';
import { plainBody, type RunningSimulator, startSimulator } from '../testing/start-simulator.js';

const UPLOADS = '/backend/uploads';
const FILE_UPLOAD = '/backend/project_y/file/upload';

let simulator: RunningSimulator;
let client: Client;

beforeEach(async () => {
  simulator = await startSimulator();
  client = clientOf(simulator);
});

afterEach(() => simulator.close());

async function kept() {
  return (await simulator.call<{ uploads: object[] }>('/_sim/ledger')).json.uploads;
}

test.each([
  ['png', 'image/png'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
] as const)(
  'takes a %s for what it is, whatever it is called, and keeps what tells it from others',
  async (format, type) => {
    const content = await picture(format, 20, 10);
    const { status, json } = await client.upload(content);
    expect(status).toBe(200);
    expect(json).toEqual({ id: expect.stringMatching(/^media_[0-9a-z]{26}$/) });
    expect(await kept()).toEqual([
      expect.objectContaining({
        id: json.id,
        purpose: 'image',
        account: 'plus@simulator.test',
        contentType: type,
        declaredType: 'image/png',
        fileName: 'image.png',
        width: 20,
        height: 10,
        sizeBytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
        fields: { file_name: 'image.png' },
      }),
    ]);
  },
);

test('the same picture gets another id each time', async () => {
  expect((await client.upload()).json.id).not.toBe((await client.upload()).json.id);
});

const file = async (): Promise<FormPart> => ({ content: await png(), fileName: 'image.png', type: 'image/png' });

test.each<[string, (given: FormPart) => [string, FormPart][], string]>([
  ['no file', () => [['file_name', 'image.png']], 'Missing required parameter: "file"'],
  ['no file name', (given) => [['file', given]], 'Missing required parameter: "file_name"'],
  [
    'a part too many',
    (given) => [
      ['file', given],
      ['file_name', 'a'],
      ['user', 'me'],
    ],
    'Unknown parameter: "user"',
  ],
  [
    'a file too many',
    (given) => [
      ['file', given],
      ['file_name', 'a'],
      ['mask', given],
    ],
    'Unknown parameter: "mask"',
  ],
  [
    'a part twice',
    (given) => [
      ['file', given],
      ['file_name', 'a'],
      ['file_name', 'b'],
    ],
    '"file_name": is there twice',
  ],
  [
    'a file name that is a file',
    (given) => [
      ['file', given],
      ['file_name', given],
    ],
    '"file_name": must be text',
  ],
  [
    'a file that is text',
    () => [
      ['file', 'text'],
      ['file_name', 'a'],
    ],
    '"file": must be a file',
  ],
  [
    'an empty file name',
    (given) => [
      ['file', given],
      ['file_name', ''],
    ],
    '"file_name"',
  ],
  [
    'a video',
    () => [
      ['file', mp4],
      ['file_name', 'a'],
    ],
    'must be a PNG, JPEG or WebP picture',
  ],
])('refuses a form with %s', async (_, parts, message) => {
  const { status, text } = await client.form(UPLOADS, parts(await file()));
  expect(status).toBe(400);
  expect(JSON.parse(text).error.message).toContain(message);
  expect(await kept()).toEqual([]);
});

test.each([
  ['a GIF', () => picture('gif'), 'must be a PNG, JPEG or WebP picture'],
  ['an empty file', async () => Buffer.alloc(0), 'must be a PNG, JPEG or WebP picture'],
  ['half a picture', async () => (await png(300, 300)).subarray(0, 200), 'is a damaged picture'],
  ['a picture that is too long', () => png(8_193, 2), 'no side may be longer than 8192'],
])('refuses %s', async (_, make, message) => {
  const { status, text } = await client.upload(await make());
  expect(status).toBe(400);
  expect(JSON.parse(text).error.message).toContain(message);
});

test('refuses a file of more than 20 MB, and tells the client so', async () => {
  const answer = await client.upload(Buffer.concat([await png(), Buffer.alloc(20 << 20)]));
  expect(answer).toMatchObject({ status: 413, json: { error: { code: 'file_too_large', param: 'file' } } });
});

test('refuses JSON in place of a form, a form without a boundary, and a form in place of JSON', async () => {
  expect(await client.post(UPLOADS, {})).toMatchObject({ status: 400 });
  const headers = { authorization: `Bearer ${await simulator.accessToken()}`, 'content-type': 'multipart/form-data' };
  expect((await simulator.call(UPLOADS, { method: 'POST', headers, body: 'x' })).status).toBe(400);
  expect((await client.form('/backend/editor/enhance_prompt', [['prompt', 'a']])).status).toBe(400);
});

test('refuses whoever is not signed in', async () => {
  expect((await simulator.send(UPLOADS, {})).status).toBe(401);
  expect((await simulator.send(FILE_UPLOAD, {})).status).toBe(401);
});

test('a profile picture gets an asset pointer, which is no media id', async () => {
  const webp = { content: await picture('webp'), fileName: 'profile.webp', type: 'image/webp' };
  const { status, json } = await client.form<{ asset_pointer: string }>(FILE_UPLOAD, [
    ['file', webp],
    ['use_case', 'profile'],
  ]);
  expect(status).toBe(200);
  const inpaint_items = [{ type: 'image', frame_index: 0, upload_media_id: json.asset_pointer }];
  expect((await client.submit('/backend/video_gen', { ...imageBody, operation: 'remix', inpaint_items })).status).toBe(
    400,
  );
  const other = await client.form(FILE_UPLOAD, [
    ['file', webp],
    ['use_case', 'cover'],
  ]);
  expect(other).toMatchObject({ status: 400, json: { error: { param: 'use_case' } } });
});

test('nobody may use the upload of another account, or one that does not exist', async () => {
  const { id } = (await client.upload()).json;
  const withPicture = (upload_id: string) => ({ ...plainBody, inpaint_items: [{ kind: 'upload', upload_id }] });
  const refused = { status: 400, json: { error: { param: 'inpaint_items.0.upload_id' } } };
  expect(await simulator.create(withPicture(id), PRO)).toMatchObject(refused);
  expect(await simulator.create(withPicture('media_unknown'))).toMatchObject(refused);
  expect((await simulator.create(withPicture(id))).status).toBe(200);
});
