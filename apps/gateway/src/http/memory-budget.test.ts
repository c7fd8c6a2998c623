import { MemoryBudget } from './memory-budget.js';

const budget = (patienceMs = 60_000) => new MemoryBudget({ totalBytes: 100, patienceMs });
const settled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(() => resolve(false)))]);

test('what fits is given at once, what does not waits until enough was given back', async () => {
  const memory = budget();
  const [first, second] = [await memory.reserve(60), await memory.reserve(30)];
  const third = memory.reserve(50);
  expect(await settled(third)).toBe(false);
  second.release();
  expect(await settled(third)).toBe(false);
  first.release();
  expect(await settled(third)).toBe(true);
  expect(memory.freeBytes).toBe(50);
});

test('a large one is not passed by small ones that came later', async () => {
  const memory = budget();
  const held = await memory.reserve(50);
  const large = memory.reserve(80);
  const small = memory.reserve(10);
  expect(await settled(small)).toBe(false);
  held.release();
  expect([await settled(large), await settled(small)]).toEqual([true, true]);
});

test('giving back twice gives back once, and giving back a part serves who waits', async () => {
  const memory = budget();
  const lease = await memory.reserve(100);
  const next = memory.reserve(40);
  lease.shrinkTo(60);
  expect(await settled(next)).toBe(true);
  lease.shrinkTo(80);
  lease.release();
  lease.release();
  expect(memory.freeBytes).toBe(60);
});

test('more than there is counts as all there is', async () => {
  const memory = budget();
  const lease = await memory.reserve(1_000);
  expect(memory.freeBytes).toBe(0);
  lease.release();
  expect(memory.freeBytes).toBe(100);
});

test('who waits too long is told to come back, and lets the next one through', async () => {
  const memory = budget(30);
  const lease = await memory.reserve(90);
  const tooLarge = memory.reserve(50);
  await expect(tooLarge).rejects.toMatchObject({ code: 'service_unavailable', retryAfterMs: 5_000 });
  expect(await settled(memory.reserve(10))).toBe(true);
  lease.release();
});
