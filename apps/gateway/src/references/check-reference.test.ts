import { defaultSettings } from '@reelay/contracts/settings';
import { sampleMp4, samplePng } from '../testing/sample-media.js';
import { checkPixels, checkReference, checkSize } from './check-reference.js';

const of = (kind: 'image' | 'video') => ({ kind, param: 'there' });

test('an image is known by its bytes, and measured', () => {
  expect(checkReference(samplePng(30, 20), of('image'))).toEqual({ contentType: 'image/png', width: 30, height: 20 });
});

test('a video is known by its bytes', () => {
  expect(checkReference(sampleMp4(), of('video'))).toEqual({ contentType: 'video/mp4' });
});

test.each<[string, 'image' | 'video', Buffer, RegExp]>([
  ['a GIF', 'image', Buffer.from('GIF89a'), /a GIF image/],
  ['a drawing', 'image', Buffer.from('<?xml version="1.0"?>\n<svg xmlns="x">'), /an SVG drawing/],
  ['a web page', 'image', Buffer.from('\n<!DOCTYPE html><html>'), /a web page/],
  ['a PDF', 'image', Buffer.from('%PDF-1.7'), /a PDF/],
  ['a picture of a phone', 'image', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), /an HEIC or AVIF image/],
  ['a video for an image', 'image', sampleMp4(), /an MP4 video, and an image is needed/],
  ['an image for a video', 'video', samplePng(1, 1), /a PNG image, and a video is needed/],
  ['nothing known', 'video', Buffer.from('hello'), /a file of unknown type/],
  ['a few bytes', 'image', Buffer.from([0]), /a file of unknown type/],
  ['an image that is cut off', 'image', samplePng(9, 9).subarray(0, 20), /PNG image is broken or cut off/],
])('%s is refused with its name and what is taken', (_name, kind, bytes, message) => {
  const error = expect.objectContaining({
    code: 'invalid_reference',
    param: 'there',
    message: expect.stringMatching(message) as string,
  });
  expect(() => checkReference(bytes, of(kind))).toThrow(error);
});

test('each kind has its own largest size', () => {
  const settings = { ...defaultSettings, 'reference.imageBytes': 1024 * 1024, 'reference.videoBytes': 3 * 1024 * 1024 };
  expect(() => checkSize(1024 * 1024, of('image'), settings)).not.toThrow();
  expect(() => checkSize(2 * 1024 * 1024, of('video'), settings)).not.toThrow();
  const error = { code: 'invalid_reference', message: 'The image has 1.5 MiB; at most 1 MiB are taken.' };
  expect(() => checkSize(1.5 * 1024 * 1024, of('image'), settings)).toThrow(expect.objectContaining(error));
});

test('an image of more pixels than are taken is refused, however few bytes it has', () => {
  const settings = { ...defaultSettings, 'reference.imagePixels': 1_000_000 };
  const image = (width: number, height: number) => ({ contentType: 'image/png' as const, width, height });
  expect(() => checkPixels(image(1_000, 1_000), of('image'), settings)).not.toThrow();
  const message = 'The image has 1000 × 1001 pixels, 1.01 million; at most 1 million are taken.';
  expect(() => checkPixels(image(1_000, 1_001), of('image'), settings)).toThrow(
    expect.objectContaining({ code: 'invalid_reference', param: 'there', message }),
  );
  expect(() => checkPixels({ contentType: 'video/mp4' }, of('video'), settings)).not.toThrow();
});
