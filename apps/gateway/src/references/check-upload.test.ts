import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { defaultSettings } from '@reelay/contracts/settings';
import { LocalStorage } from '@reelay/platform/local-storage';
import { MemoryBudget } from '../http/memory-budget.js';
import { sampleMp4, samplePng } from '../testing/sample-media.js';
import { checkUpload } from './check-upload.js';

const budget = new MemoryBudget({ totalBytes: 1_000_000, patienceMs: 100 });
const settings = { ...defaultSettings, 'reference.videoBytes': 500_000 };
let folder: string;
let storage: LocalStorage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reelay-uploads-'));
  storage = await LocalStorage.create(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function check(bytes: Buffer, kind?: 'image' | 'video') {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const { sizeBytes, sha256 } = await storage.put('upload', source());
  const upload = new StoredUpload('upload', sizeBytes, sha256);
  return checkUpload({ storage, budget }, { upload, param: 'file', settings, ...(kind ? { kind } : {}) });
}

/** Begins with as many segments of a camera's notes, each as long as one can be. */
function cameraJpeg(segments: number, width: number, height: number): Buffer {
  const notes = Buffer.alloc(65_537);
  notes.set([0xff, 0xe1, 0xff, 0xff]);
  const frame = Buffer.from([0xff, 0xc0, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...Array.from({ length: segments }, () => notes), frame]);
}

test('an image whose size comes late is read as far as that', async () => {
  for (const segments of [0, 1, 3]) {
    const expected = { kind: 'image', contentType: 'image/jpeg', width: 400, height: 300 };
    expect(await check(cameraJpeg(segments, 400, 300))).toEqual(expected);
  }
  expect(budget.freeBytes).toBe(1_000_000);
});

test('of a large video only the beginning is read', async () => {
  expect(await check(sampleMp4(400_000))).toEqual({ kind: 'video', contentType: 'video/mp4' });
  await expect(check(sampleMp4(500_000))).rejects.toMatchObject({ code: 'invalid_reference', param: 'file' });
});

test('the kind that is needed is asked for, and any of both where none is', async () => {
  expect(await check(samplePng(2, 3), 'image')).toMatchObject({ width: 2, height: 3 });
  const wrong = { code: 'invalid_reference', message: expect.stringContaining('a video is needed here') as string };
  await expect(check(samplePng(2, 3), 'video')).rejects.toMatchObject(wrong);
  const none = { code: 'invalid_reference', message: expect.stringContaining('only images and videos') as string };
  await expect(check(Buffer.from('%PDF-1.7'))).rejects.toMatchObject(none);
});

test('an image of too many pixels is refused wherever it says so', async () => {
  await expect(check(cameraJpeg(2, 65_000, 65_000))).rejects.toMatchObject({ code: 'invalid_reference' });
});
