import { isUlid, newUlid } from './ulid.js';

test('ids made within one millisecond grow strictly', () => {
  const ids = Array.from({ length: 1_000 }, () => newUlid(1_700_000_000_000));
  expect(ids.every(isUlid)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(1_000);
});

test('a clock that steps back does not make a smaller id', () => {
  const later = newUlid(1_800_000_000_000);
  expect(newUlid(1_750_000_000_000) > later).toBe(true);
});
