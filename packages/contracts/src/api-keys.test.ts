import { changeApiKeySchema, createApiKeySchema } from './api-keys.js';

test.each([
  ['2000-01-01T00:00:00Z', true],
  ['2026-11-22T12:00:00+09:00', true],
  ['1999-12-31T23:59:59Z', false],
  ['2000-01-01T00:00:00+01:00', false],
  ['0000-01-01T00:00:00Z', false],
])('a key that ends %s may be asked for: %s', (expiresAt, isGood) => {
  expect(createApiKeySchema.safeParse({ name: 'ends', expiresAt }).success).toBe(isGood);
  expect(changeApiKeySchema.safeParse({ expiresAt }).success).toBe(isGood);
});
