import { createHash } from 'node:crypto';
import { headConfig, solveProof, vectorConfig } from '../testing/solve-proof.js';
import { dialects } from './dialects.js';
import { CHALLENGE_PREFIX, isSolved, parseProof } from './proof.js';

const [base, head] = dialects as [(typeof dialects)[0], (typeof dialects)[0]];

const toBase64 = (text: string) => Buffer.from(text).toString('base64');

function encode(config: readonly unknown[]): string {
  return toBase64(JSON.stringify(config));
}

describe('the golden vectors', () => {
  test.each([
    { seed: '0.5', difficulty: '0fffff', tries: 10, half: 5, hash: '04dada660983e691', sha256: '11846908d1df551f' },
    {
      seed: '0.123456789',
      difficulty: '00ffff',
      tries: 86,
      half: 43,
      hash: '00e225cfc42e0f89',
      sha256: '0deba885ec0e1b20',
    },
  ])('seed $seed at $difficulty is solved by try $tries', ({ seed, difficulty, tries, half, hash, sha256 }) => {
    const solution = encode(vectorConfig.with(3, tries).with(9, half));
    expect(solution).toHaveLength(676);
    expect(createHash('sha256').update(solution).digest('hex').slice(0, 16)).toBe(sha256);
    expect(
      createHash('sha3-512')
        .update(seed + solution)
        .digest('hex')
        .slice(0, 16),
    ).toBe(hash);
    expect(solveProof(seed, difficulty)).toBe(solution);
    expect(isSolved(solution, seed, difficulty)).toBe(true);
    expect(parseProof(CHALLENGE_PREFIX + solution, CHALLENGE_PREFIX, base)).toMatchObject({ solution });
  });

  test('a try before the solution does not meet the difficulty', () => {
    expect(isSolved(encode(vectorConfig.with(3, 9).with(9, 4)), '0.5', '0fffff')).toBe(false);
  });

  test('another seed spoils the solution', () => {
    expect(isSolved(solveProof('0.5', '00ffff'), '0.6', '00ffff')).toBe(false);
  });

  test('what a client sends that gave up is not a proof', () => {
    const text = `${CHALLENGE_PREFIX}wQ8Lk5FbGpA2NcR9dShT6gYjU7VxZ4DIjAuNSI=`;
    expect(typeof parseProof(text, CHALLENGE_PREFIX, base)).toBe('string');
  });
});

describe('the form of a proof', () => {
  const good = vectorConfig.with(3, 10).with(9, 5);

  test.each([
    ['another prefix', `gAAAAAX${encode(good)}`],
    ['no padding', `${CHALLENGE_PREFIX}${encode(good).replace(/=+$/, '')}x`],
    ['an array of 17', `${CHALLENGE_PREFIX}${encode(good.slice(1))}`],
    ['spaces between the elements', `${CHALLENGE_PREFIX}${toBase64(JSON.stringify(good).replaceAll(',', ', '))}`],
    ['an array on lines', `${CHALLENGE_PREFIX}${toBase64(JSON.stringify(good, null, 1))}`],
    ['an object', `${CHALLENGE_PREFIX}${Buffer.from('{}').toString('base64')}`],
    ['a counter that does not follow the tries', `${CHALLENGE_PREFIX}${encode(good.with(9, 6))}`],
    ['negative tries', `${CHALLENGE_PREFIX}${encode(good.with(3, -2).with(9, -1))}`],
    ['a number where the browser should be', `${CHALLENGE_PREFIX}${encode(good.with(4, 7))}`],
    ['text in element 15', `${CHALLENGE_PREFIX}${encode(good.with(15, 'x'))}`],
  ])('refuses %s', (_, text) => {
    expect(typeof parseProof(text, CHALLENGE_PREFIX, base)).toBe('string');
  });

  test('takes numbers as other languages write them', () => {
    const text = JSON.stringify(good).replace('12345.5', '1.23450e+4').replace('1768928399000.5', '1768928399000.0');
    expect(typeof parseProof(CHALLENGE_PREFIX + toBase64(text), CHALLENGE_PREFIX, base)).toBe('object');
  });

  test('each dialect refuses the other', () => {
    const newer = CHALLENGE_PREFIX + solveProof('0.5', '0fffff', headConfig);
    expect(typeof parseProof(newer, CHALLENGE_PREFIX, head)).toBe('object');
    expect(typeof parseProof(newer, CHALLENGE_PREFIX, base)).toBe('string');
    expect(typeof parseProof(CHALLENGE_PREFIX + encode(good), CHALLENGE_PREFIX, head)).toBe('string');
  });
});
