import fc from 'fast-check';
import { refreshDueAt } from './refresh-due-at.js';

const day = 24 * 3_600_000;
const issuedAt = Date.UTC(2026, 0, 1);
const life = { id: 'one', version: 1, issuedAt, expiresAt: issuedAt + 10 * day, now: issuedAt + day };

test('without chance it is the share of the lifetime, whenever it is reckoned', () => {
  const options = { share: 0.8, jitter: 0 };
  expect(refreshDueAt(life, options)).toBe(issuedAt + 8 * day);
  expect(refreshDueAt({ ...life, now: issuedAt + 9 * day }, options)).toBe(issuedAt + 8 * day);
});

test('a token that does not say when it was issued counts from now', () => {
  expect(refreshDueAt({ ...life, issuedAt: null }, { share: 0.5, jitter: 0 })).toBe(issuedAt + 5.5 * day);
});

test('it is the same again after a restart, and another one for the next credential and for another account', () => {
  const options = { share: 0.8, jitter: 0.2 };
  const due = refreshDueAt(life, options);
  expect(refreshDueAt({ ...life, now: issuedAt + 2 * day }, options)).toBe(due);
  expect(refreshDueAt({ ...life, version: 2 }, options)).not.toBe(due);
  expect(refreshDueAt({ ...life, id: 'two' }, options)).not.toBe(due);
});

test('accounts that came together fall due apart', () => {
  const due = Array.from({ length: 1_000 }, (_, no) =>
    refreshDueAt({ ...life, id: `${no}` }, { share: 0.8, jitter: 0.1 }),
  );
  expect(new Set(due).size).toBeGreaterThan(900);
});

test('it lies between the earliest and the latest allowed, and never behind the end', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const time = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(
      fc.record({ id: fc.string(), version: fc.nat(), issuedAt: fc.option(time), expiresAt: time, now: time }),
      fc.record({ share, jitter: share }),
      (credential, options) => {
        const begin = Math.min(credential.issuedAt ?? credential.now, credential.now, credential.expiresAt);
        const latest = begin + (credential.expiresAt - begin) * options.share;
        const due = refreshDueAt(credential, options);
        expect(due).toBeLessThanOrEqual(Math.round(latest));
        expect(due).toBeGreaterThanOrEqual(Math.floor(begin + (latest - begin) * (1 - options.jitter)));
      },
    ),
  );
});
