import { createHash } from 'node:crypto';
import { MOST_MESSAGE_BYTES, MOST_TRIES } from './challenge.js';
import { goldenFailure, goldenProfile, goldenProofs } from './golden-vectors.js';
import { ReferenceSearch, solve } from './solve.js';

const sha3 = (text: string) => createHash('sha3-512').update(text).digest('hex');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test.each(goldenProofs)('finds the same proof as the reference for seed $seed and difficulty $difficulty', (golden) => {
  const { solution, solved } = solve({ ...golden, config: goldenProfile });
  expect(solved).toBe(true);
  expect(solution).toHaveLength(golden.length);
  expect(sha256(solution).slice(0, 16)).toBe(golden.solutionSha256Start);
  expect(sha3(golden.seed + solution).slice(0, 16)).toBe(golden.digestStart);
  const profile = JSON.parse(Buffer.from(solution, 'base64').toString('utf8'));
  expect(profile).toHaveLength(18);
  expect([profile[3], profile[9]]).toEqual([golden.number, golden.half]);
});

test('hashes exactly the compact JSON of the profile, with characters outside ASCII as they are', () => {
  const { solution } = solve({ seed: '0.5', difficulty: '0fffff', config: goldenProfile });
  const expected = JSON.stringify(goldenProfile.with(3, 10).with(9, 5));
  expect(Buffer.from(solution, 'base64').toString('utf8')).toBe(expected);
  expect(expected).toContain('webdriver\u2212false');
});

test('does not give up before the last of 500 000 tries', () => {
  const search = new ReferenceSearch({ ...goldenFailure, config: goldenProfile });
  // That it does give up then is shown in solver.test.ts, off this thread.
  expect(search.advance(10)).toBeUndefined();
  expect(MOST_TRIES).toBe(500_000);
});

test('finds the same proof in slices as in one go', () => {
  const challenge = { seed: '0.123456789', difficulty: '00ffff', config: goldenProfile };
  const search = new ReferenceSearch(challenge);
  let proof = search.advance(7);
  while (!proof) proof = search.advance(7);
  expect(proof).toEqual(solve(challenge));
});

test('accepts a difficulty of any length and case', () => {
  const challenge = { seed: '0.5', difficulty: '0FFFFF', config: goldenProfile };
  expect(solve(challenge)).toEqual(solve({ ...challenge, difficulty: '0fffff' }));
  expect(solve({ ...challenge, difficulty: 'ff'.repeat(64) }).solved).toBe(true);
});

test.each(['', '0', 'xyz0', '0f'.repeat(65)])('refuses the difficulty %j', (difficulty) => {
  expect(() => new ReferenceSearch({ seed: '0.5', difficulty, config: goldenProfile })).toThrow(TypeError);
});

test('refuses what would not fit into the memory of the core', () => {
  const challenge = { seed: '0'.repeat(MOST_MESSAGE_BYTES), difficulty: '0fffff', config: goldenProfile };
  expect(() => new ReferenceSearch(challenge)).toThrow(/more than 16384/);
});

test('refuses a profile that has not 18 elements', () => {
  expect(() => new ReferenceSearch({ seed: '0.5', difficulty: '0fffff', config: goldenProfile.slice(1) })).toThrow(
    TypeError,
  );
});
