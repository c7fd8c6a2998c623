import { encodeForm } from './multipart.js';

test('a form is the file, then the fields, byte for byte', () => {
  const bytes = Uint8Array.from([0, 13, 10, 255, 45, 45]);
  const file = { name: 'file', filename: 'image.png', contentType: 'image/png', bytes };
  const { contentType, body } = encodeForm({ file, fields: { file_name: 'image.png', note: 'ü' } }, 'a-b');
  const boundary = '----------------------------ab';
  expect(contentType).toBe(`multipart/form-data; boundary=${boundary}`);
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="image.png"\r\n` +
    'Content-Type: image/png\r\n\r\n';
  const tail =
    `\r\n--${boundary}\r\nContent-Disposition: form-data; name="file_name"\r\n\r\nimage.png` +
    `\r\n--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nü\r\n--${boundary}--\r\n`;
  expect(Buffer.from(body)).toEqual(Buffer.concat([Buffer.from(head), bytes, Buffer.from(tail)]));
});

test('what others read out of it is what was put in', async () => {
  const bytes = Buffer.from('\r\n--not a boundary\r\n');
  const file = { name: 'file', filename: 'video.mp4', contentType: 'video/mp4', bytes };
  const { contentType, body } = encodeForm({ file, fields: { timestamps: '0,3' } }, 'seed');
  const form = await new Response(Buffer.from(body), { headers: { 'content-type': contentType } }).formData();
  expect([...form.keys()]).toEqual(['file', 'timestamps']);
  expect(form.get('timestamps')).toBe('0,3');
  const read = form.get('file') as File;
  expect([read.name, read.type]).toEqual(['video.mp4', 'video/mp4']);
  expect(Buffer.from(await read.arrayBuffer())).toEqual(bytes);
});
