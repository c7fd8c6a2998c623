import { createFileSchema } from './files.js';
import { UploadedFile } from './videos.js';

const file = new UploadedFile('boat.png', new Uint8Array([1]));
const read = (more: object) => createFileSchema.safeParse({ file, purpose: 'vision', ...more });

test('takes the life of a file as text, as a form sends it, and as a number', () => {
  for (const seconds of ['3600', 3_600]) {
    expect(read({ expires_after: { anchor: 'created_at', seconds } }).data?.expires_after?.seconds).toBe(3_600);
  }
});

test.each([
  ['a purpose that nothing here has', { purpose: 'fine-tune' }],
  ['no purpose', { purpose: undefined }],
  ['a file that is only text', { file: 'boat.png' }],
  ['a life of less than an hour', { expires_after: { anchor: 'created_at', seconds: 3_599 } }],
  ['a life of more than 30 days', { expires_after: { anchor: 'created_at', seconds: '2592001' } }],
  ['a life that is no number', { expires_after: { anchor: 'created_at', seconds: '1e4' } }],
  ['a life that begins at another time', { expires_after: { anchor: 'last_active_at', seconds: 3_600 } }],
])('refuses %s', (_name, more) => {
  expect(read(more).success).toBe(false);
});
