/** Vectors of sora-web.md Appendix A, made by running an independent solver. For tests and benches only. */
export const goldenProfile: readonly (number | string)[] = [
  3000,
  'Tue Jan 20 2026 12:00:00 GMT-0500 (Eastern Standard Time)',
  4294705152,
  0,
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
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

export const goldenProofs = [
  {
    seed: '0.5',
    difficulty: '0fffff',
    number: 10,
    half: 5,
    digestStart: '04dada660983e691',
    length: 676,
    solutionSha256Start: '11846908d1df551f',
  },
  {
    seed: '0.123456789',
    difficulty: '00ffff',
    number: 86,
    half: 43,
    digestStart: '00e225cfc42e0f89',
    length: 676,
    solutionSha256Start: '0deba885ec0e1b20',
  },
] as const;

export const goldenFailure = {
  seed: '0.5',
  difficulty: '000000',
  solution: 'wQ8Lk5FbGpA2NcR9dShT6gYjU7VxZ4DIjAuNSI=',
} as const;
