/** A finished video in the hands of a decoder that is not ours, and the pictures that the gateway has it make. Runs where ffprobe is installed, and always in CI. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { probeImage } from '@reelay/platform/probe-image';
import { waitFor } from '@reelay/testing/wait-for';
import { Stack } from '../support/stack.js';

interface Probe {
  streams: Record<string, unknown>[];
  format: { duration: string };
}

let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'reelay-ffprobe-'));
  stack = await Stack.start({ renderMs: 500 });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Decodes every frame; a single broken one shows on stderr. */
async function probe(file: string): Promise<Probe> {
  const program = process.env.FFPROBE_PATH ?? 'ffprobe';
  const args = ['-v', 'error', '-count_frames', '-show_streams', '-show_format', '-of', 'json', file];
  const { stdout, stderr } = await promisify(execFile)(program, args);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Probe;
}

test.concurrent.each([
  ['sora2-landscape-10s', { width: 640, height: 360, nb_read_frames: '300' }, 10],
  ['sora2-portrait-15s', { width: 360, height: 640, nb_read_frames: '450' }, 15],
] as const)(
  'every frame of a %s video is H.264 that ffprobe decodes without an error',
  async (model, size, seconds) => {
    const client = stack.client();
    const { id } = await client.videos.create({ model, prompt: `a clock that runs for ${seconds} seconds` });
    await waitFor(async () => (await client.videos.retrieve(id)).status === 'completed', { timeoutMs: 30_000 });
    const file = path.join(folder, `${model}.mp4`);
    writeFileSync(file, Buffer.from(await (await client.videos.downloadContent(id)).arrayBuffer()));
    const { streams, format } = await probe(file);
    expect(streams).toMatchObject([{ codec_name: 'h264', codec_type: 'video', pix_fmt: 'yuv420p', ...size }]);
    expect(Number(format.duration)).toBe(seconds);
    const sheet = size.width > size.height ? { width: 1200, height: 670 } : { width: 670, height: 1200 };
    expect(await pictureOf(id, 'thumbnail')).toEqual({ type: 'image/webp', width: size.width, height: size.height });
    expect(await pictureOf(id, 'spritesheet')).toEqual({ type: 'image/jpeg', ...sheet });
  },
);

/** As the gateway answers it; ffmpeg comes in the same package as ffprobe. */
async function pictureOf(id: string, variant: 'thumbnail' | 'spritesheet') {
  const answer = await stack.client().videos.downloadContent(id, { variant });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { type: answer.headers.get('content-type'), ...probeImage(bytes) };
}
