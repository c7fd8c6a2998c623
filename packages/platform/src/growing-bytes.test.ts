import { GrowingBytes } from './growing-bytes.js';

test('a million single bytes, each seen in a buffer of its own, take at most twice their room', () => {
  const bytes = new GrowingBytes();
  for (let index = 0; index < 1_000_000; index += 1) bytes.add(Buffer.alloc(64, index).subarray(7, 8));
  const whole = bytes.whole();
  expect([bytes.length, whole.length, whole[0], whole[255], whole[999_999]]).toEqual([
    1_000_000,
    1_000_000,
    0,
    255,
    999_999 % 256,
  ]);
  expect(whole.buffer.byteLength).toBeLessThanOrEqual(2_000_000);
});

test('pieces of any size come out in their order', () => {
  const bytes = new GrowingBytes();
  for (const piece of ['', 'a', 'bcd', '', 'e'.repeat(10), 'f']) bytes.add(Buffer.from(piece));
  expect(bytes.whole().toString()).toBe(`abcd${'e'.repeat(10)}f`);
  expect(new GrowingBytes().whole()).toHaveLength(0);
});
