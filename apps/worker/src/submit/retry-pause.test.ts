import fc from 'fast-check';
import { retryPauseMs } from './retry-pause.js';

const bounds = { minimumMs: 1_000, maximumMs: 30_000 };

it('a pause stays within its bounds, whatever the number of tries and the jitter', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (deferrals, random) => {
      const pauseMs = retryPauseMs(deferrals, { ...bounds, random: () => random });
      expect(pauseMs).toBeGreaterThanOrEqual(bounds.minimumMs);
      expect(pauseMs).toBeLessThanOrEqual(bounds.maximumMs);
    }),
  );
});

it('a pause grows with the tries', () => {
  const pauses = [0, 1, 2, 3, 4, 5].map((deferrals) => retryPauseMs(deferrals, { ...bounds, random: () => 1 }));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
});

it('a maximum below the minimum is kept', () => {
  expect(retryPauseMs(3, { minimumMs: 1_000, maximumMs: 0, random: () => 0.5 })).toBe(0);
});
