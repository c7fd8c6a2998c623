import { waitFor } from './wait-for.js';

test('resolves as soon as the condition is true', async () => {
  let looks = 0;
  await waitFor(() => ++looks === 3, { timeoutMs: 1_000, intervalMs: 1 });
  expect(looks).toBe(3);
});

test('fails at the deadline with what was waited for', async () => {
  await expect(waitFor(async () => false, { timeoutMs: 20, intervalMs: 5, describe: 'the cows' })).rejects.toThrow(
    'waited 20 ms in vain for the cows',
  );
});

test('hands on the error of the condition at once', async () => {
  const condition = () => {
    throw new Error('the process has ended');
  };
  await expect(waitFor(condition, { timeoutMs: 60_000 })).rejects.toThrow('the process has ended');
});
