/** A growing buffer that is written bit by bit, most significant bit first, with the number codes of H.264 (clause 9.1). */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(initialBytes = 256) {
    this.#bytes = new Uint8Array(initialBytes);
  }

  /** The lowest `count` bits of `value`; at most 24 at a time, so that the pending bits fit into 32. */
  bits(count: number, value: number): void {
    this.#pending = (this.#pending << count) | value;
    this.#pendingBits += count;
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8;
      this.#append((this.#pending >>> this.#pendingBits) & 0xff);
    }
    this.#pending &= (1 << this.#pendingBits) - 1;
  }

  flag(value: boolean): void {
    this.bits(1, value ? 1 : 0);
  }

  /** ue(v): unsigned Exp-Golomb. */
  unsigned(value: number): void {
    const length = 32 - Math.clz32(value + 1);
    this.bits(length - 1, 0);
    this.bits(length, value + 1);
  }

  /** se(v): signed Exp-Golomb. */
  signed(value: number): void {
    this.unsigned(value > 0 ? 2 * value - 1 : -2 * value);
  }

  alignWithZeros(): void {
    if (this.#pendingBits > 0) this.bits(8 - this.#pendingBits, 0);
  }

  /** Whole bytes; only at a byte boundary. */
  bytes(source: Uint8Array): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  /** Closes the payload of a NAL unit: a one, then zeros up to the byte boundary. */
  finish(): Uint8Array {
    this.bits(1, 1);
    this.alignWithZeros();
    return this.#bytes.subarray(0, this.#length);
  }

  #append(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
