import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  type Challenge,
  encodeProfile,
  MOST_MESSAGE_BYTES,
  type Proof,
  type ProofSearch,
  readChallenge,
  type SearchRange,
} from '../challenge.js';
import { goldenFailure, goldenProfile, goldenProofs } from '../golden-vectors.js';
import { ReferenceSearch, solve } from '../solve.js';
import { oneLane, twoLanes } from './lanes.js';
import { SearchCore } from './search-core.js';
import { webAssemblyHere } from './web-assembly.js';

const cores = [
  ['two lanes', new SearchCore(webAssemblyHere()!, twoLanes)],
  ['one lane', new SearchCore(webAssemblyHere()!, oneLane)],
] as const;

/** Around each number that has a digit more than the one before it, or whose half has. */
const boundaries = [10, 20, 100, 200, 1_000, 2_000, 10_000, 20_000, 100_000, 200_000];

const element = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant(undefined),
);
const config = fc.array(element, { minLength: 18, maxLength: 18 });
const seed = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map(String),
  fc.string({ unit: 'binary', maxLength: 200 }),
);
/** Easy enough to be found, or not, within a few tries. */
const difficulty = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((byte) => byte.toString(16).padStart(2, '0')),
  fc.integer({ min: 0, max: 0x2fff }).map((word) => word.toString(16).padStart(4, '0').toUpperCase()),
);
const challenge: fc.Arbitrary<Challenge> = fc.record({ seed, difficulty, config });
const range: fc.Arbitrary<SearchRange> = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 499_900 }),
      fc.tuple(fc.constantFrom(...boundaries), fc.integer({ min: 1, max: 9 })).map(([at, before]) => at - before),
    ),
    fc.integer({ min: 1, max: 60 }),
  )
  .map(([from, length]) => ({ from, to: from + length }));

function finish(search: ProofSearch, tries = 1_000): Proof {
  for (;;) {
    const proof = search.advance(tries);
    if (proof) return proof;
  }
}

function digestOf(challenge: Challenge, number: number): string {
  const puzzle = readChallenge(challenge);
  return createHash('sha3-512').update(puzzle.seed).update(encodeProfile(puzzle, number)).digest('hex');
}

/** Found with a difficulty of all 64 bytes of its digest and not with one less: so each byte of the digest is right. */
function expectWholeDigest(core: SearchCore, challenge: Challenge, number: number): void {
  const digest = digestOf(challenge, number);
  const oneLess = (BigInt(`0x${digest}`) - 1n).toString(16).padStart(128, '0');
  const only = { from: number, to: number + 1 };
  expect(finish(core.begin({ ...challenge, difficulty: digest }, only)).solved).toBe(true);
  expect(finish(core.begin({ ...challenge, difficulty: oneLess }, only)).solved).toBe(false);
}

describe.each(cores)('the core with %s', (_name, core) => {
  test.each(goldenProofs)('finds the vector for seed $seed', (golden) => {
    const challenge = { ...golden, config: goldenProfile };
    const proof = finish(core.begin(challenge));
    expect(proof).toEqual(solve(challenge));
    expect(createHash('sha256').update(proof.solution).digest('hex').slice(0, 16)).toBe(golden.solutionSha256Start);
  });

  test('says "not found" with the reference literal after all tries', () => {
    expect(finish(core.begin({ ...goldenFailure, config: goldenProfile }), 10_000)).toEqual({
      solution: goldenFailure.solution,
      solved: false,
    });
  }, 60_000);

  test('finds what the reference finds, whatever the profile, the seed, the place to begin and the slices', () => {
    fc.assert(
      fc.property(challenge, range, fc.integer({ min: 1, max: 70 }), (one, within, slice) => {
        expect(finish(core.begin(one, within), slice)).toEqual(finish(new ReferenceSearch(one, within)));
      }),
      { numRuns: 500 },
    );
  });

  test('has every byte of the digest right, whatever stands around the numbers', () => {
    fc.assert(
      fc.property(challenge, range, (one, { from }) => expectWholeDigest(core, one, from)),
      { numRuns: 200 },
    );
  });

  test('has every byte right on both sides of each change of digits in each alignment of base64', () => {
    const thirds = ['', 'x', 'xx'];
    for (const before of thirds) {
      for (const between of thirds) {
        for (const after of thirds) {
          const config = goldenProfile.with(1, before).with(5, between).with(11, after);
          for (const boundary of boundaries) {
            for (const number of [boundary - 1, boundary]) {
              expectWholeDigest(core, { seed: '0.5', difficulty: 'ff', config }, number);
            }
          }
        }
      }
    }
  });

  test('pads messages of every length right', () => {
    for (let length = 0; length < 150; length += 1) {
      expectWholeDigest(core, { seed: 's'.repeat(length), difficulty: 'ff', config: goldenProfile }, 123_456);
    }
  });

  test('finds the lower of two numbers that both fulfil', () => {
    for (const from of [0, 1, 7, 8, 98, 99]) {
      const easiest = { seed: '0.5', difficulty: 'ff', config: goldenProfile };
      const proof = finish(core.begin(easiest, { from, to: from + 10 }));
      expect(JSON.parse(Buffer.from(proof.solution, 'base64').toString('utf8'))[3]).toBe(from);
    }
  });

  test('never goes past the end, however it falls within a pass', () => {
    for (const number of [1, 2, 9, 10, 19, 20, 100]) {
      const onlyThis = { seed: '0.5', difficulty: digestOf({ ...goldenFailure, config: goldenProfile }, number) };
      const search = (from: number, to: number) =>
        finish(core.begin({ ...onlyThis, config: goldenProfile }, { from, to }));
      const expected = finish(
        new ReferenceSearch({ ...onlyThis, config: goldenProfile }, { from: number - 1, to: number }),
      );
      expect(search(number - 1, number)).toEqual(expected);
    }
  });

  test('keeps searches apart that take turns', () => {
    const challenges = ['0.1', '0.22', '0.333', '0.4444'].map((seed) => ({
      seed,
      difficulty: '00ff',
      config: goldenProfile,
    }));
    const searches = challenges.map((one) => core.begin(one));
    const proofs: (Proof | undefined)[] = challenges.map(() => undefined);
    while (proofs.includes(undefined)) {
      for (const [index, search] of searches.entries()) proofs[index] ??= search.advance(3);
    }
    expect(proofs).toEqual(challenges.map((one) => solve(one)));
  });

  test('takes the longest message that is allowed, and refuses a longer one', () => {
    const base = readChallenge({ seed: '', difficulty: 'ff', config: goldenProfile });
    const room = MOST_MESSAGE_BYTES - encodeProfile(base, 500_000).length;
    const longest = { seed: 's'.repeat(room), difficulty: 'ff', config: goldenProfile };
    expectWholeDigest(core, longest, 499_999);
    expect(() => core.begin({ ...longest, seed: `${longest.seed}s` })).toThrow(TypeError);
  });
});
