import { describeLane } from './describe-lane.js';
import type { LaneSurvey } from './survey-lane.js';

const lane = { provider: 'sora', kind: 'video', plan: 'any', sora2: true } as const;
const empty: LaneSurvey = {
  ...{
    tokens: 0,
    simulated: 0,
    freeSlots: 0,
    waiting: 0,
    needAttention: 0,
    resting: 0,
    cutOff: 0,
    exhausted: 0,
    busy: 0,
  },
  recoversAt: null,
  startEveryMs: null,
};
const recoversAt = new Date('2026-11-22T14:05:30Z');
const sentence = (survey: Partial<LaneSurvey>, of = {}) => describeLane({ ...lane, ...of }, { ...empty, ...survey });

describe('the reason why a lane waits', () => {
  it('is none while a slot is free', () => {
    expect(sentence({ tokens: 3, freeSlots: 1, busy: 2 })).toBeNull();
  });

  it('names what no account has', () => {
    expect(sentence({})).toBe('no account with Sora 2');
    expect(sentence({}, { plan: 'pro' })).toBe('no account with plan pro');
    expect(sentence({}, { sora2: false, kind: 'image' })).toBe('no account that makes images');
    expect(sentence({}, { tokenId: 'gone' })).toBe('the account that this depends on is gone');
  });

  it('says what all accounts are doing', () => {
    expect(sentence({ tokens: 3, busy: 3 })).toBe('all 3 accounts are busy');
    expect(sentence({ tokens: 1, busy: 1 })).toBe('the only account is busy');
    expect(sentence({ tokens: 2, resting: 2, recoversAt })).toBe('every account rests until 14:05 UTC');
    expect(sentence({ tokens: 2, exhausted: 2, recoversAt })).toBe(
      'every account has used up its quota until 14:05 UTC',
    );
    expect(sentence({ tokens: 2, exhausted: 2 })).toBe('every account has used up its quota');
    expect(sentence({ tokens: 2, cutOff: 2, recoversAt })).toBe(
      'no account can be reached through its proxy, tried again at 14:05 UTC',
    );
    expect(sentence({ tokens: 2, needAttention: 2 })).toBe('every account needs attention');
  });

  it('tells them apart when they do different things', () => {
    expect(sentence({ tokens: 6, busy: 2, resting: 1, cutOff: 1, exhausted: 1, needAttention: 1, recoversAt })).toBe(
      'of 6 accounts 2 are busy, 1 rests, 1 is cut off by its proxy, 1 has used up its quota, 1 needs attention; the first is back at 14:05 UTC',
    );
  });
});
