import { LongText } from '../request/long-text.js';
import { FileId } from '../request/stored-upload.js';
import { chatCompletionSchema, inputOfChat } from './chat.js';

function mediaOf(part: object) {
  const content = [{ type: 'text', text: 'a fox' }, part];
  return inputOfChat(chatCompletionSchema.parse({ model: 'm', messages: [{ role: 'user', content }] })).media;
}
const path = 'messages[0].content[1]';
const base64 = (...parts: string[]) => Buffer.from(parts.join(''), 'latin1').toString('base64');
const mp4 = base64('\0\0\0\x18ftypisom\0\0\x02\0isommp42');
const mov = base64('\0\0\0\x14ftypqt  \0\0\x02\0');

test.each([
  ['as chats name it', { type: 'file', file: { file_id: 'file-1' } }, `${path}.file.file_id`],
  [
    'beside data, which is not needed then',
    { type: 'file', file: { file_id: 'file-1', file_data: 'x' } },
    `${path}.file.file_id`,
  ],
  ['in the Responses spelling', { type: 'input_file', file_id: 'file-1' }, `${path}.file_id`],
])('an uploaded file is named by its id %s', (_name, part, param) => {
  expect(mediaOf(part)).toEqual([{ kind: 'image', source: new FileId('file-1', 'either'), param }]);
});

test.each([
  ['by its data URI', { file_data: 'data:image/png;base64,AA==' }, 'image'],
  ['by its data URI', { file_data: ' DATA:video/mp4;base64,AA==', filename: 'a.png' }, 'video'],
  ['by its name', { file_data: 'AA==', filename: 'A.JPEG' }, 'image'],
  ['by its name', { file_data: 'data:application/octet-stream;base64,AA==', filename: 'b.mov' }, 'video'],
  ['by its beginning', { file_data: base64('\x89PNG\r\n\x1a\n') }, 'image'],
  ['by its beginning', { file_data: base64('\xff\xd8\xff\xe0') }, 'image'],
  [
    'by its beginning, with the escapes of some JSON',
    { file_data: new LongText(Buffer.from('\\/9j\\/4AAQSkZJRg')) },
    'image',
  ],
  ['by its beginning', { file_data: `data:;base64,${base64('RIFF\0\0\0\0WEBP')}` }, 'image'],
  ['by its beginning', { file_data: mp4 }, 'video'],
  ['by its beginning', { file_data: mov }, 'video'],
])('a file in the message says %s what it is', (_name, file, kind) => {
  expect(mediaOf({ type: 'file', file })).toEqual([{ kind, source: file.file_data, param: `${path}.file.file_data` }]);
});

test.each<[string, unknown, string, string]>([
  ['nothing in it', {}, 'missing_required_parameter', 'file'],
  ['no file', undefined, 'missing_required_parameter', 'file'],
  ['a number for a file', 7, 'missing_required_parameter', 'file'],
  ['an empty id', { file_id: '' }, 'missing_required_parameter', 'file'],
  [
    'a document',
    { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' },
    'invalid_value',
    'file.file_data',
  ],
  ['text that is nothing', { file_data: 'hello' }, 'invalid_value', 'file.file_data'],
])('a part with %s is refused by its name', (_name, file, code, field) => {
  expect(() => mediaOf({ type: 'file', file })).toThrow(expect.objectContaining({ code, param: `${path}.${field}` }));
});
