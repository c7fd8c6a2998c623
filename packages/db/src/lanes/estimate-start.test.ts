import { estimateStart, type LanePace } from './estimate-start.js';

const now = new Date('2026-11-22T14:00:00Z');
const at = (pace: Partial<LanePace>) =>
  estimateStart({
    ...{ now, position: 1, startEveryMs: null, freeSlots: 0, recoversAt: null, notBefore: null },
    ...pace,
  })?.toISOString() ?? null;

describe('the estimated start', () => {
  it('is now while a slot is free for it', () => {
    expect(at({ position: 2, freeSlots: 2 })).toBe('2026-11-22T14:00:00.000Z');
  });

  it('follows from the pace of the lane and the number before it', () => {
    expect(at({ position: 6, startEveryMs: 10_000 })).toBe('2026-11-22T14:01:00.000Z');
  });

  it('is when the first account is back where nothing has started of late, and unknown without one', () => {
    expect(at({ recoversAt: new Date('2026-11-22T14:05:00Z') })).toBe('2026-11-22T14:05:00.000Z');
    expect(at({})).toBeNull();
  });

  it('is never before the row itself may start, nor in the past', () => {
    expect(at({ freeSlots: 5, notBefore: new Date('2026-11-22T14:00:30Z') })).toBe('2026-11-22T14:00:30.000Z');
    expect(at({ recoversAt: new Date('2026-11-22T13:00:00Z') })).toBe('2026-11-22T14:00:00.000Z');
  });
});
