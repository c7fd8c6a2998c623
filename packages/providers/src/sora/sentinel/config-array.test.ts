import { appUserAgents, desktopUserAgents, pickClientProfile } from './client-profile.js';
import { createConfigArray } from './config-array.js';

const profile = pickClientProfile('01KCXVNG92FVKA5X9R15F3ATGD');
const sources = { now: () => Date.UTC(2026, 0, 20, 17, 0, 0), random: () => 0.25, uuid: () => 'the-uuid' };

describe('the client profile', () => {
  test('is the same for a token at every call, so that an account never changes its devices', () => {
    expect(pickClientProfile('01KCXVNG92FVKA5X9R15F3ATGD')).toEqual(profile);
    expect(appUserAgents).toContain(profile.appUserAgent);
    expect(desktopUserAgents).toContain(profile.desktopUserAgent);
  });

  test('spreads tokens over the whole pools', () => {
    const profiles = Array.from({ length: 500 }, (_, index) => pickClientProfile(`token-${index}`));
    expect(new Set(profiles.map((each) => each.appUserAgent)).size).toBe(appUserAgents.length);
    expect(new Set(profiles.map((each) => each.desktopUserAgent)).size).toBe(desktopUserAgents.length);
    expect(new Set(profiles.map((each) => each.screenSum))).toEqual(new Set([3000, 4000, 3120, 4160]));
    expect(new Set(profiles.map((each) => each.cores))).toEqual(new Set([8, 16, 24, 32]));
  });
});

describe('the config array', () => {
  test('has the eighteen elements of the observed client, time in fixed UTC−5', () => {
    const config = createConfigArray(profile, sources);
    expect(config).toHaveLength(18);
    expect(config).toEqual([
      profile.screenSum,
      'Tue Jan 20 2026 12:00:00 GMT-0500 (Eastern Standard Time)',
      4294705152,
      0,
      profile.desktopUserAgent,
      'https://cdn.oaistatic.com/_next/static/cXh69klOLzS0Gy2joLDRS/_ssgManifest.js?dpl=453ebaec0d44c2decab71692e1bfe39be35a24b3',
      'prod-f501fe933b3edf57aea882da888e1a544df99840',
      'en-US',
      'en-US,es-US,en,es',
      0,
      'appCodeName\u2212Mozilla',
      '_reactListeningo743lnnpvdg',
      'name',
      32_500,
      'the-uuid',
      '',
      profile.cores,
      sources.now() - 32_500,
    ]);
  });

  test('pads the day, keeps UTC−5 in summer, and changes the day with the hour', () => {
    const at = (now: number) => createConfigArray(profile, { ...sources, now: () => now })[1];
    expect(at(Date.UTC(2026, 6, 5, 3, 4, 5))).toBe('Sat Jul 04 2026 22:04:05 GMT-0500 (Eastern Standard Time)');
  });

  test('takes only values from its pools whatever chance says', () => {
    for (const chance of [0, 0.1, 0.5, 0.999_999_999]) {
      const config = createConfigArray(profile, { ...sources, random: () => chance });
      expect(config.every((element) => element !== undefined)).toBe(true);
    }
  });
});
