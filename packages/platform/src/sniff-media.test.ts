import fc from 'fast-check';
import { probeImage } from './probe-image.js';
import { sniffMedia } from './sniff-media.js';

/** Pictures made by libvips, in base64. */
const pictures = {
  png: 'iVBORw0KGgoAAAANSUhEUgAAAoAAAAFoCAMAAADw7LpjAAAAA1BMVEXIHjzD6Ll6AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAA9klEQVR42u3BMQEAAADCoPVPbQsvoAAAAAAAAAAA',
  jpeg: '/9j/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wAARCAARACEDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QA',
  progressive:
    '/9j/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P//////////////////////////////////////////////////////////2wBDAaq0tPDS8P//////////////////////////////////////////////////////////////////////////////wgARCADIASwDASIAAhEBAxEB/8QA',
  exif: '/9j/4QDIRXhpZgAASUkqAAgAAAAHABIBAwABAAAAAQAAABoBBQABAAAAYgAAABsBBQABAAAAagAAACgBAwABAAAAAgAAABMCAwABAAAAAQAAAJiCAgACAAAAeAAAAGmHBAABAAAAcgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcABAAAADAyMTABkQcABAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//AAACoAQAAQAAADAAAAADoAQAAQAAAEAAAAAAAAAA/9sAQwCgbniMeGSgjIKMtKqgvvD///Dc3PD//////////////////////////////////////////////////////////9sAQwGqtLTw0vD//////////////////////////////////////////////////////////////////////////////8AAEQgAQAAwAwEiAAIRAQMRAf/EABUAAQEA',
  lossy: 'UklGRmABAABXRUJQVlA4IFQBAADwIwCdASr0ASwBP83m8XO/uDOsoAgD8DmJaW7hd2EbQAnsA99snIe+',
  lossless: 'UklGRiQAAABXRUJQVlA4TBcAAAAv54MBAAdQjyKXp/8BICH8v69E9D9NAwA=',
  alpha: 'UklGRmIAAABXRUJQVlA4WAoAAAAQAAAAEwAAHQAAQUxQSAoAAAABB1DAiAhERP8DVlA4IDIAAAAQAwCdASoUAB4AP83i624/',
};
const picture = (name: keyof typeof pictures) => Buffer.from(pictures[name], 'base64');

/** How files begin that ffmpeg has made, and some that others make. */
const beginnings = {
  webm: '1a45dfa39f4286810142f7810142f2810442f381084282847765626d4287810242858102185380670100000000000229',
  'webm with long sizes': '1a45dfa301000000000000234286810142f7810142820100000000000004 7765626d',
  'webm whose type is padded': '1a45dfa3a34282867765626d000042878102',
  matroska: '1a45dfa3a34286810142f7810142f2810442f381084282886d6174726f736b614287810442858102185380',
  mov: '000000146674797071742020000002007174202000000008776964650000030f6d646174000002ae0605',
  'mov of 1998': '00019fe36d6f6f760000006c6d766864',
  mp4: '000000206674797069736f6d0000020069736f6d69736f32617663316d70343100000008667265650000030f',
  'mp4 of a camera': '0000001c6674797058415643010fff8f584156436d703432',
  '3gp': '0000001c667479703367703400000200336770 3469736f6d69736f32',
  'sound alone': '0000001c667479704d344120000002004d34412069736f6d69736f3200000008',
  heic: '00000024667479706865696300000000 6d6966316865696369736f6d',
  avif: '0000002066747970617669660000000061766966 6d696631 6d696166 69736f6d',
  gif: '474946383961010001008000',
  svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toString('hex'),
  html: Buffer.from('<!doctype html><title>ftyp</title>').toString('hex'),
  'wave sound': '52494646240800005741564566 6d7420',
  nothing: '',
};

test.each([
  ['webm', 'video/webm'],
  ['webm with long sizes', 'video/webm'],
  ['webm whose type is padded', 'video/webm'],
  ['matroska', undefined],
  ['mov', 'video/quicktime'],
  ['mov of 1998', 'video/quicktime'],
  ['mp4', 'video/mp4'],
  ['mp4 of a camera', 'video/mp4'],
  ['3gp', undefined],
  ['sound alone', undefined],
  ['heic', undefined],
  ['avif', undefined],
  ['gif', 'image/gif'],
  ['svg', undefined],
  ['html', undefined],
  ['wave sound', undefined],
  ['nothing', undefined],
] as const)('the beginning of a %s is told as %s', (name, type) => {
  const bytes = Buffer.from(beginnings[name].replaceAll(' ', ''), 'hex');
  expect(sniffMedia(bytes)).toBe(type);
  expect(probeImage(bytes)).toBeUndefined();
});

test.each([
  ['png', 'image/png', { width: 640, height: 360 }],
  ['jpeg', 'image/jpeg', { width: 33, height: 17 }],
  ['progressive', 'image/jpeg', { width: 300, height: 200 }],
  ['exif', 'image/jpeg', { width: 48, height: 64 }],
  ['lossy', 'image/webp', { width: 500, height: 300 }],
  ['lossless', 'image/webp', { width: 1000, height: 7 }],
  ['alpha', 'image/webp', { width: 20, height: 30 }],
] as const)('the picture "%s" is told as %s of its true size', (name, type, size) => {
  expect([sniffMedia(picture(name)), probeImage(picture(name))]).toEqual([type, size]);
});

test('a picture of no width, or cut off before its size, has no size', () => {
  const flat = picture('png');
  flat.writeUInt32BE(0, 16);
  expect(probeImage(flat)).toBeUndefined();
  for (const [name, end] of [
    ['png', 20],
    ['jpeg', 145],
    ['exif', 150],
    ['lossy', 28],
    ['alpha', 24],
  ] as const) {
    expect(probeImage(picture(name).subarray(0, end))).toBeUndefined();
  }
});

test('a view into a larger buffer is read as what it shows', () => {
  const around = new Uint8Array(1_000).fill(0xff);
  around.set(picture('lossless'), 100);
  const view = around.subarray(100, 100 + picture('lossless').length);
  expect([sniffMedia(view), probeImage(view)]).toEqual(['image/webp', { width: 1000, height: 7 }]);
});

const starts = [
  ...Object.keys(pictures).map((name) => picture(name as keyof typeof pictures)),
  ...Object.values(beginnings).map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex')),
];

test('no bytes whatever make it fail, neither noise nor files that begin well and are damaged', () => {
  const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.constantFrom(...starts),
      damage,
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(400),
      (start, marks, tail, end) => {
        const bytes = new Uint8Array(Buffer.concat([start, tail]));
        for (const [at, value] of marks) if (at < bytes.length) bytes[at] = value;
        for (const part of [bytes, bytes.subarray(0, end), tail]) {
          const size = probeImage(part);
          expect(size === undefined || (size.width > 0 && size.height > 0)).toBe(true);
          if (size) expect(sniffMedia(part)).toMatch(/^image\//);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
