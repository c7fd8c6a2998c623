import { shrink } from '../faults/judge/shrink.js';
import { Seeded } from '../faults/stand/seeded.js';

const steps = Array.from({ length: 40 }, (_, no) => no);

test('two steps out of forty that fail only together are found', async () => {
  let runs = 0;
  const fails = async (kept: readonly number[]) => {
    runs += 1;
    return kept.includes(7) && kept.includes(31);
  };
  expect(await shrink(steps, fails, 100)).toEqual([7, 31]);
  expect(runs).toBeLessThanOrEqual(100);
});

test('it stops after the runs it was given, with something that fails', async () => {
  let runs = 0;
  const fails = async (kept: readonly number[]) => {
    runs += 1;
    return kept.includes(7);
  };
  const kept = await shrink(steps, fails, 3);
  expect(runs).toBe(3);
  expect(kept).toContain(7);
  expect(kept.length).toBeLessThan(40);
});

test('what fails only as a whole is left whole', async () => {
  expect(await shrink([1, 2, 3], async ({ length }) => length === 3, 50)).toEqual([1, 2, 3]);
});

test('a seed repeats its numbers, and another gives others', () => {
  const draw = (seed: number) => {
    const random = new Seeded(seed);
    return [random.between(0, 1_000_000), ...random.shuffle([1, 2, 3, 4, 5, 6, 7, 8])];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});
