import { createHash } from 'node:crypto';

/**
 * Where everything unpredictable comes from. Each stream (`task`, `sentinel`, `fault`, …) is a sequence of its own, so that one
 * more poll does not change which task id comes next: the same seed and the same requests give the same run.
 */
export class SeededSource {
  readonly #drawn = new Map<string, number>();

  constructor(readonly seed: string) {}

  /** 32 new bytes. */
  bytes(stream: string): Buffer {
    const count = this.#drawn.get(stream) ?? 0;
    this.#drawn.set(stream, count + 1);
    return createHash('sha256').update(`${this.seed}\n${stream}\n${count}`).digest();
  }

  /** A new number in [0, 1). */
  number(stream: string): number {
    return this.bytes(stream).readUIntBE(0, 6) / 2 ** 48;
  }
}
