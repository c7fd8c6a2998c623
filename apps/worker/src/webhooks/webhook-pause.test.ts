import { defaultSettings } from '@reelay/contracts/settings';
import { webhookPauseMs } from './webhook-pause.js';

const pauses = (random: number) =>
  Array.from({ length: 200 }, (_, index) => webhookPauseMs(defaultSettings, index + 1, () => random));

test('pauses grow fourfold up to the longest, and three days hold some twenty tries', () => {
  const seconds = pauses(0.5).map((ms) => ms / 1_000);
  expect(seconds.slice(0, 8)).toEqual([5, 20, 80, 320, 1_280, 5_120, 14_400, 14_400]);
  let elapsedMs = 0;
  let tries = 1;
  for (const pauseMs of pauses(0.5)) {
    elapsedMs += pauseMs;
    if (elapsedMs > defaultSettings['webhook.retryForMs']) break;
    tries += 1;
  }
  expect(tries).toBe(24);
});

test('chance moves a pause by a quarter at most, and no number of tries makes it anything but finite', () => {
  for (const [index, pauseMs] of pauses(0.5).entries()) {
    expect(pauses(0)[index]).toBeCloseTo(pauseMs * 0.75);
    expect(pauses(1)[index]).toBeCloseTo(pauseMs * 1.25);
  }
});
