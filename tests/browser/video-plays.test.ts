/** The link a user gets, opened in a real browser: the video must play, with the size and length it says. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@reelay/testing/wait-for';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { Stack } from '../support/stack.js';

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  stack = await Stack.start();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

test('Chromium plays a finished video from its signed link', async () => {
  const client = stack.client();
  const { id } = await client.videos.create({
    model: 'sora2-landscape-10s',
    prompt: 'A small fox reads a newspaper by the sea',
  });
  let url = '';
  await waitFor(
    async () => {
      url = ((await client.videos.retrieve(id)) as unknown as { url?: string }).url ?? '';
      return url !== '';
    },
    { timeoutMs: 30_000 },
  );
  const page = await browser.newPage({ viewport: { width: 800, height: 500 } });
  await page.setContent(`<video src="${url}" muted controls></video>`);
  const played = await page.evaluate(async () => {
    const video = document.querySelector('video') as HTMLVideoElement;
    await video.play();
    await new Promise((resolve) =>
      video.addEventListener('timeupdate', () => video.currentTime > 0.5 && resolve(undefined)),
    );
    return { width: video.videoWidth, height: video.videoHeight, seconds: video.duration, error: video.error };
  });
  expect(played).toEqual({ width: 640, height: 360, seconds: 10, error: null });
  await page.screenshot({ path: path.join(mkdtempSync(path.join(tmpdir(), 'reelay-browser-')), 'video.png') });
});
