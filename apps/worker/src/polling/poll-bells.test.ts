import type { EnqueueOptions } from '@reelay/platform/queues';
import { PollBells } from './poll-bells.js';

let rung: string[];
let bells: PollBells;

beforeEach(() => {
  jest.useFakeTimers();
  rung = [];
  bells = new PollBells({
    enqueue: async (_name, payload, options: EnqueueOptions = {}) => {
      if (options.bringForward && 'tokenId' in payload) rung.push(payload.tokenId);
      return true;
    },
  });
});

afterEach(() => jest.useRealTimers());

test('rings at once, and once more for all who rang in the time after', async () => {
  for (let no = 0; no < 100; no += 1) await bells.ring('token', 1_000);
  expect(rung).toEqual(['token']);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(rung).toEqual(['token', 'token']);
});

test('does not ring again for nobody, and at once for who comes later', async () => {
  await bells.ring('token', 1_000);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(rung).toEqual(['token']);
  await bells.ring('token', 1_000);
  expect(rung).toEqual(['token', 'token']);
});

test('accounts have their own bells', async () => {
  await bells.ring('one', 1_000);
  await bells.ring('another', 1_000);
  expect(rung).toEqual(['one', 'another']);
});

test('leaves nothing unrung when the process ends', async () => {
  await bells.ring('token', 1_000);
  await bells.ring('token', 1_000);
  await bells.close();
  expect(rung).toEqual(['token', 'token']);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(rung).toHaveLength(2);
});
