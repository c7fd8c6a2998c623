/**
 * A text that is longer than any prompt may be, as the bytes between the quotes of its JSON, escapes and all. As a JavaScript string the
 * base64 of a video would take the heap, twice.
 */
export class LongText {
  constructor(readonly bytes: Uint8Array) {}

  /** The first so many bytes, one character each: enough to tell an address from a data URI. */
  start(length: number): string {
    return String.fromCharCode(...this.bytes.subarray(0, length));
  }
}

/** Every prompt that is allowed is shorter, also where all of it is written as `\uXXXX`. */
export const longTextBytes = 200_000;
