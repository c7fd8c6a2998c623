import { Pace, type PaceRules } from './pace.js';

const piece = (bytes: number) => ({ done: false as const, value: Buffer.alloc(bytes) });

/** What comes of pieces that are waited for so long, by a clock that is set by hand; the timer itself never ends within a test. */
async function read(pieces: readonly [waitedMs: number, bytes: number][], rules: Partial<PaceRules> = {}) {
  let nowMs = 0;
  const pace = new Pace({ bytesPerSecond: 1_000, windowMs: 3_600_000, now: () => nowMs, ...rules });
  for (const [waitedMs, bytes] of pieces) {
    const coming = pace.next(Promise.resolve(piece(bytes)));
    nowMs += waitedMs;
    await coming;
  }
  return pace.next(new Promise<never>(() => {}));
}
const hour = 3_600_000;

test.each<[string, [number, number][]]>([
  ['is never sent', [[hour, 0]]],
  ['comes at half the pace', Array.from({ length: 24 }, () => [hour / 10, 180_000] satisfies [number, number])],
  [
    'was fast for long and then stops',
    [
      [0, 1_000_000_000],
      [hour, 0],
    ],
  ],
])('a body that %s is refused with what to do', async (_what, pieces) => {
  await expect(read(pieces)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/faster connection/) as string,
  });
});

test('a body at the pace is waited for, however long it is, and so is one that pauses for less than the window', async () => {
  let nowMs = 0;
  const pace = new Pace({ bytesPerSecond: 1_000, windowMs: hour, now: () => nowMs });
  for (let n = 0; n < 50; n += 1) {
    const coming = pace.next(Promise.resolve(piece(n % 2 === 0 ? 0 : 3_600_000)));
    nowMs += hour / 2;
    expect(await coming).toMatchObject({ done: false });
  }
});

test('time in which nobody waits for the client does not count', async () => {
  let nowMs = 0;
  const pace = new Pace({ bytesPerSecond: 1_000, windowMs: hour, now: () => nowMs });
  for (let n = 0; n < 10; n += 1) {
    expect(await pace.next(Promise.resolve(piece(1)))).toMatchObject({ done: false });
    nowMs += 10 * hour;
  }
});
