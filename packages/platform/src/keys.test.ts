import fc from 'fast-check';
import { checkKeyStrength, deriveKey, equalSecrets, hashApiKey, newApiKey, newSecret } from './keys.js';

test.each([
  'han1234',
  'admin',
  'admin/admin',
  'ADMIN',
  'changeme',
  'ChangeMe-now-please',
  'replace-me-with-a-key',
  'your-secret-key-here',
])('refuses the sample key %j and says what to do', (key) => {
  const problem = checkKeyStrength('SOME_SECRET', key);
  expect(problem).toMatch(/^SOME_SECRET .*openssl rand/);
  expect(problem).not.toContain(key);
});

test.each([
  ['fifteen-chars-x', /fewer than 16/],
  [' padded-with-blanks ', /white space/],
  ['aaaaaaaaaaaaaaaaaaaa', /repeats/],
])('refuses the weak key %j', (key, reason) => {
  expect(checkKeyStrength('WEB_KEY', key)).toMatch(reason);
});

test('accepts what it makes itself', () => {
  for (const key of [newApiKey(), newSecret(), 'b1946ac92492d2347c6235b4d2611184']) {
    expect(checkKeyStrength('WEB_KEY', key)).toBeUndefined();
  }
});

test('makes API keys of 43 base62 characters after the prefix, each a new one', () => {
  const keys = Array.from({ length: 200 }, newApiKey);
  expect(keys.every((key) => /^rly_[0-9A-Za-z]{43}$/.test(key))).toBe(true);
  expect(new Set(keys).size).toBe(200);
});

test('keys of different purposes or masters have nothing in common', () => {
  const master = newSecret();
  const derived = [
    deriveKey(master, 'enc/credential'),
    deriveKey(master, 'mac/api-key'),
    deriveKey(newSecret(), 'mac/api-key'),
  ].map((key) => key.toString('hex'));
  expect(new Set(derived).size).toBe(3);
  expect(deriveKey(master, 'signed-link')).toHaveLength(32);
  expect(deriveKey(master, 'signed-link')).toEqual(deriveKey(master, 'signed-link'));
});

test('the stored MAC of an API key needs the web key', () => {
  const [web, key] = [newSecret(), newApiKey()];
  expect(hashApiKey(web, key)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashApiKey(web, key)).toBe(hashApiKey(web, key));
  expect(hashApiKey(newSecret(), key)).not.toBe(hashApiKey(web, key));
});

test('two secrets are equal exactly when their texts are', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (left, right) => equalSecrets(left, right) === (left === right)));
  expect(equalSecrets('same', 'same')).toBe(true);
});
