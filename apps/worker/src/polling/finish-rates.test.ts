import { defaultSettings } from '@reelay/contracts/settings';
import fc from 'fast-check';
import { FinishRates, finishedWindow, windowWishMs } from './finish-rates.js';

describe('the time until the list of finished tasks must be read again', () => {
  const rate = (finished: number, elapsedMs?: number) => ({ finished, elapsedMs });

  it.each([
    ['half of that in which it fills', rate(30, 10_000), { open: 100, window: 300 }, 50_000],
    ['short where tasks finish fast', rate(200, 2_000), { open: 100, window: 300 }, 1_500],
    ['as short as allowed while more is open than it holds', rate(0, 10_000), { open: 101, window: 100 }, 0],
    ['not limited while nothing finishes', rate(0, 10_000), { open: 10, window: 100 }, undefined],
    ['not limited by a first round, whose time is unknown', rate(5), { open: 10, window: 100 }, undefined],
    ['not limited where nothing is open', rate(50, 1_000), { open: 0, window: 10 }, undefined],
    ['not limited where the list is not', rate(50, 1_000), { open: 10, window: undefined }, undefined],
  ])('is %s', (_name, finishing, list, expected) => {
    expect(windowWishMs(finishing, list)).toBe(expected);
  });

  it('lets no more than half a list finish meanwhile, if tasks go on finishing as they did', () => {
    const number = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(number(500), number(60_000), number(1_000), (finished, elapsedMs, window) => {
        const wishMs = windowWishMs({ finished, elapsedMs }, { open: 1, window }) ?? 0;
        expect((wishMs * finished) / elapsedMs).toBeLessThanOrEqual(window / 2 + 1e-6);
      }),
    );
  });

  it('counts the items of all pages that are followed, and of pictures what their one list may grow to', () => {
    const settings = { ...defaultSettings, 'sora.draftsPage': 10, 'sora.draftsPages': 4, 'sora.recentTasksMost': 70 };
    expect(finishedWindow('sora', settings, 'video')).toBe(40);
    expect(finishedWindow('sora', settings, 'image')).toBe(70);
    expect(finishedWindow('other', settings, 'video')).toBeUndefined();
  });
});

it('the rate of a token and kind is told from one round to the next', () => {
  let now = 1_000;
  const rates = new FinishRates(() => now);
  const videos = { tokenId: 'a', slotKind: 'video' } as const;
  expect(rates.note(videos, 3)).toEqual({ finished: 3, elapsedMs: undefined });
  now = 1_500;
  expect(rates.note({ ...videos, slotKind: 'image' }, 1)).toEqual({ finished: 1, elapsedMs: undefined });
  expect(rates.note({ ...videos, tokenId: 'b' }, 1)).toEqual({ finished: 1, elapsedMs: undefined });
  now = 4_000;
  expect(rates.note(videos, 2)).toEqual({ finished: 2, elapsedMs: 3_000 });
});
