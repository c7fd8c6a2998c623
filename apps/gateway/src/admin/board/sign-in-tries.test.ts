import { SignInTries } from './sign-in-tries.js';

let now = 0;
let tries: SignInTries;
beforeEach(() => {
  now = 0;
  tries = new SignInTries(() => now);
});

const failTimes = (address: string, count: number) => {
  for (let n = 0; n < count; n += 1) tries.noteFailure(address);
};

test('four wrong keys cost nothing, each one after them twice the pause of the last, at most a quarter of an hour', () => {
  failTimes('192.0.2.1', 4);
  expect(tries.pauseMsOf('192.0.2.1')).toBe(0);
  const pauses = Array.from({ length: 7 }, () => {
    tries.noteFailure('192.0.2.1');
    return tries.pauseMsOf('192.0.2.1') / 1000;
  });
  expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900]);
  expect(tries.pauseMsOf('192.0.2.2')).toBe(0);
  now += 900_000;
  expect(tries.pauseMsOf('192.0.2.1')).toBe(0);
});

test('the right key, or an hour without a wrong one, begins anew', () => {
  failTimes('192.0.2.1', 5);
  tries.noteSuccess('192.0.2.1');
  failTimes('192.0.2.1', 4);
  expect(tries.pauseMsOf('192.0.2.1')).toBe(0);
  now += 3_600_000;
  failTimes('192.0.2.1', 4);
  expect(tries.pauseMsOf('192.0.2.1')).toBe(0);
});

test.each([
  ['2001:db8::1', '2001:0DB8:0:0:ffff::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['fe80::1%eth0', 'fe80::2', true],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
])('%s and %s count as one: %s', (first, second, areOne) => {
  failTimes(first, 5);
  expect(tries.pauseMsOf(second) > 0).toBe(areOne);
});

test('the memory of wrong keys is bounded: the oldest is forgotten first', () => {
  failTimes('192.0.2.1', 5);
  for (let n = 0; n < 9_999; n += 1) tries.noteFailure(`10.0.${n >> 8}.${n & 255}`);
  expect(tries.pauseMsOf('192.0.2.1')).toBeGreaterThan(0);
  tries.noteFailure('198.51.100.1');
  expect(tries.pauseMsOf('192.0.2.1')).toBe(0);
});
