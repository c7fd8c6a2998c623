export const nalType = { slice: 1, keySlice: 5, sequenceParameters: 7, pictureParameters: 8 } as const;

const HIGHEST_IMPORTANCE = 3 << 5;

/**
 * Wraps a payload as a NAL unit. Two zero bytes followed by a value up to 3 would look like a start code, so a 3 is put between
 * them; decoders take it out again.
 */
export function nalUnit(type: number, payload: Uint8Array): Uint8Array {
  const unit = new Uint8Array(1 + payload.length + (payload.length >> 1) + 1);
  unit[0] = HIGHEST_IMPORTANCE | type;
  let length = 1;
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      unit[length++] = 3;
      zeros = 0;
    }
    unit[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return unit.slice(0, length);
}
