import { planRequest } from '../request/plan-request.js';
import { FileId } from '../request/stored-upload.js';
import {
  createCharacterSchema,
  extendVideoSchema,
  inputOfCharacter,
  inputOfExtension,
  inputOfRemix,
  readVideo,
  refuseEdit,
} from './video-actions.js';
import { UploadedFile } from './videos.js';

const id = 'video_01KCXVNG92FVKA5X9R15F3ATGD';
const ulid = id.slice('video_'.length);
const extension = (body: object) =>
  inputOfExtension(extendVideoSchema.parse({ prompt: 'it goes on', video: { id }, ...body }));

test.each<[object, string]>([
  [{}, 'sora2-extension-10s'],
  [{ seconds: '8' }, 'sora2-extension-10s'],
  [{ seconds: '' }, 'sora2-extension-10s'],
  [{ seconds: 12 }, 'sora2-extension-15s'],
  [{ seconds: '20', model: 'sora-2' }, 'sora2-extension-15s'],
  [{ model: 'sora2-extension-15s' }, 'sora2-extension-15s'],
  [{ model: 'sora2-extension-15s', seconds: '4' }, 'sora2-extension-10s'],
])('an extension of %j is made by %s', (body, model) => {
  const { input, ...chosen } = extension(body);
  expect(chosen.model.id).toBe(model);
  const { request, parent } = planRequest(chosen.model, input);
  expect(request).toMatchObject({ workflow: 'extension', prompt: 'it goes on' });
  expect(parent).toEqual({ type: 'mention', kind: 'own', id: ulid, param: 'video.id' });
});

test.each<[string, unknown, unknown]>([
  ['an object with its id', { id }, { id, param: 'video.id' }],
  ['its id alone', id, { id, param: 'video' }],
  [
    'a file',
    new UploadedFile('a.mp4', new Uint8Array(1)),
    { media: { kind: 'video', source: new Uint8Array(1), param: 'video' } },
  ],
  [
    'an address',
    'https://example.com/a.mp4',
    { media: { kind: 'video', source: 'https://example.com/a.mp4', param: 'video' } },
  ],
  [
    'an uploaded file',
    { file_id: 'file-1' },
    { media: { kind: 'video', source: new FileId('file-1'), param: 'video.file_id' } },
  ],
])('a video is given as %s', (_name, given, read) => {
  expect(readVideo(given)).toEqual(read);
});

test.each<[unknown, string]>([
  [undefined, 'missing_required_parameter'],
  [null, 'missing_required_parameter'],
  ['', 'invalid_value'],
  [7, 'invalid_value'],
  [{}, 'invalid_value'],
  [{ id: 7 }, 'invalid_value'],
  [[], 'invalid_value'],
  [{ id, file_id: 'file-1' }, 'invalid_value'],
])('%j is no video', (given, code) => {
  expect(() => readVideo(given)).toThrow(expect.objectContaining({ code, param: 'video' }));
});

test('an extension starts from a video that was made here or upstream, and from one only', () => {
  expect(() => extension({ video: new UploadedFile('a.mp4', new Uint8Array(1)) })).toThrow(
    expect.objectContaining({ code: 'not_supported_by_model', param: 'video' }),
  );
  const plan = (body: object) => {
    const { model, input } = extension(body);
    return planRequest(model, input);
  };
  expect(plan({ video: 'gen_01k9btrqrnen792yvt703dp0tq' }).parent).toMatchObject({ kind: 'draft' });
  expect(plan({ prompt: `${id} goes on` }).request.prompt).toBe('goes on');
  expect(() => plan({ video: 'nobody' })).toThrow(expect.objectContaining({ code: 'not_found', param: 'video' }));
  expect(() => plan({ prompt: `video_${ulid.replace('01K', '02K')} goes on` })).toThrow(
    expect.objectContaining({ code: 'invalid_value', param: 'prompt' }),
  );
});

test('a remix names its video, and the prompt must not name another', () => {
  const input = inputOfRemix({ prompt: 'in ink' }, id);
  expect(input).toMatchObject({ prompt: 'in ink', remixTarget: { text: id, param: 'id' } });
});

test('no model edits', () => {
  for (const model of [undefined, null, 'sora-2-pro', 'sora2-landscape-10s']) {
    expect(() => refuseEdit({ prompt: 'x', video: { id }, model })).toThrow(
      expect.objectContaining({ code: 'not_supported_by_model', param: 'model' }),
    );
  }
});

test('a character keeps its name, and is made of a file or of a video that is there', () => {
  const of = (video: unknown) => {
    const { model, input } = inputOfCharacter(createCharacterSchema.parse({ name: ' Mossy ', video }));
    return planRequest(model, input);
  };
  const file = of(new UploadedFile('a.mp4', new Uint8Array(1)));
  expect(file.request).toMatchObject({ kind: 'character', workflow: 'character', asked: { name: 'Mossy' } });
  expect(file.media).toMatchObject([{ kind: 'video', param: 'video' }]);
  expect(of({ id }).parent).toEqual({ type: 'mention', kind: 'own', id: ulid, param: 'video.id' });
  for (const name of ['', ' ', 'x'.repeat(81), 7, undefined]) {
    expect(createCharacterSchema.safeParse({ name, video: id }).success).toBe(false);
  }
});
