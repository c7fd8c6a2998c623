import { createHash } from 'node:crypto';

export const browser =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

/** The config array of the protocol's test vectors (an older client's). */
export const vectorConfig: readonly unknown[] = [
  3000,
  'Tue Jan 20 2026 12:00:00 GMT-0500 (Eastern Standard Time)',
  4294705152,
  0,
  browser,
  'https://cdn.oaistatic.com/_next/static/cXh69klOLzS0Gy2joLDRS/_ssgManifest.js?dpl=453ebaec0d44c2decab71692e1bfe39be35a24b3',
  'prod-f501fe933b3edf57aea882da888e1a544df99840',
  'en-US',
  'en-US,es-US,en,es',
  0,
  'webdriver\u2212false',
  'location',
  'window',
  12345.5,
  '00000000-0000-4000-8000-000000000000',
  '',
  16,
  1768928399000.5,
];

/** The same as a newer client sends it: no build in element 6, another counter in element 9. */
export const headConfig: readonly unknown[] = vectorConfig.with(6, null).with(9, 4);

/** A plain solver, for tests only: tries until the hash is small enough. */
export function solveProof(seed: string, difficulty: string, config: readonly unknown[] = vectorConfig): string {
  const limit = Buffer.from(difficulty, 'hex');
  for (let tries = 0; tries < 500_000; tries += 1) {
    const counter = config[6] === null ? Number(config[9]) + Math.floor((tries + 29) / 30) : tries >> 1;
    const solution = Buffer.from(JSON.stringify(config.with(3, tries).with(9, counter))).toString('base64');
    const hash = createHash('sha3-512')
      .update(seed + solution)
      .digest();
    if (hash.subarray(0, limit.length).compare(limit) <= 0) return solution;
  }
  throw new Error(`No solution for difficulty ${difficulty}`);
}
