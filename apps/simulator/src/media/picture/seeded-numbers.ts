import { createHash } from 'node:crypto';

/** An endless supply of numbers in [0, 1) that depends on the text alone: the same text always draws the same picture. */
export function seededNumbers(text: string): () => number {
  let block = createHash('sha256').update(text).digest();
  let used = 0;
  return () => {
    if (used === block.length) {
      block = createHash('sha256').update(block).digest();
      used = 0;
    }
    const value = block.readUInt32BE(used) / 2 ** 32;
    used += 4;
    return value;
  };
}
