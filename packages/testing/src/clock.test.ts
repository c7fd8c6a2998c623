import { ManualClock } from './clock.js';

test('stands still until it is advanced', async () => {
  const clock = new ManualClock(1_000);
  expect(clock.now()).toBe(1_000);
  await clock.advance(500);
  expect(clock.now()).toBe(1_500);
});

test('ends sleeps in the order of their times, each at its own time', async () => {
  const clock = new ManualClock(0);
  const seen: [string, number][] = [];
  const sleeper = async (name: string, delayMs: number) => {
    await clock.sleep(delayMs);
    seen.push([name, clock.now()]);
  };
  const both = Promise.all([sleeper('late', 300), sleeper('early', 100)]);
  await clock.advance(1_000);
  await both;
  expect(seen).toEqual([
    ['early', 100],
    ['late', 300],
  ]);
});

test('a loop that sleeps again within the advance goes on', async () => {
  const clock = new ManualClock(0);
  let rounds = 0;
  const loop = (async () => {
    while (clock.now() < 50) {
      await clock.sleep(10);
      rounds += 1;
    }
  })();
  await clock.advance(50);
  await loop;
  expect(rounds).toBe(5);
  expect(clock.sleepers).toBe(0);
});

test('a sleep that is not due goes on', async () => {
  const clock = new ManualClock(0);
  let isAwake = false;
  clock.sleep(100).then(() => {
    isAwake = true;
  });
  await clock.advance(99);
  expect(isAwake).toBe(false);
  expect(clock.sleepers).toBe(1);
  await clock.advance(1);
  expect(isAwake).toBe(true);
});
