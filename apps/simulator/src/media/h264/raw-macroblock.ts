import type { BitWriter } from './bit-writer.js';
import type { DecodedEdges } from './prediction.js';

const RAW_TYPE = 25;

/** Sends the 384 bytes of a macroblock as they are (I_PCM): dear, but every pixel comes out as it was. */
export function writeRawMacroblock(
  writer: BitWriter,
  typeOffset: number,
  pixels: Uint8Array,
  edges: DecodedEdges,
  index: number,
): void {
  writer.unsigned(typeOffset + RAW_TYPE);
  writer.alignWithZeros();
  writer.bytes(pixels);
  edges.lumaRight[index] = sum(pixels, 15, 16, 16);
  edges.lumaBottom[index] = sum(pixels, 240, 1, 16);
  for (const plane of [0, 1] as const) {
    const first = 256 + plane * 64;
    for (const half of [0, 1] as const) {
      edges.chromaRight[plane][index * 2 + half] = sum(pixels, first + half * 32 + 7, 8, 4);
      edges.chromaBottom[plane][index * 2 + half] = sum(pixels, first + half * 4 + 56, 1, 4);
    }
  }
}

function sum(pixels: Uint8Array, first: number, step: number, count: number): number {
  let total = 0;
  for (let k = 0; k < count; k += 1) total += pixels[first + k * step]!;
  return total;
}
