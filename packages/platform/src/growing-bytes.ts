/** Bytes put together as they come. Kept apart until the end, an answer in pieces of one byte would take a hundred times its size. */
export class GrowingBytes {
  #room = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#room.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#room.length));
      larger.set(this.#room.subarray(0, this.#length));
      this.#room = larger;
    }
    this.#room.set(piece, this.#length);
    this.#length = length;
  }

  /** Not a copy: it is for the end. */
  whole(): Buffer {
    return this.#room.subarray(0, this.#length);
  }
}
