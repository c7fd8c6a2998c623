import type { Picture } from '../picture/picture.js';
import type { BitWriter } from './bit-writer.js';
import type { DecodedEdges, Place, Plane } from './prediction.js';
import { writeResidual } from './residual.js';

const INTRA_16X16_DC = 3;
const WITH_CHROMA_DC = 4;
/** The order in which the 16 levels are sent: zigzag over a 4×4 square. */
const zigzag = Uint8Array.of(0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15);

const work = new Int32Array(16);
const lumaLevels = new Int32Array(16);
const chromaLevels = [new Int32Array(4), new Int32Array(4)] as const;

/**
 * Sends a macroblock of flat cells: predicted as the mean of its neighbours' edges, then corrected by DC levels only, one per
 * cell. With the QPs of the parameter sets a level is one step of brightness, so what is lost is rounding: below one step on
 * average.
 */
export function writeMosaicMacroblock(
  writer: BitWriter,
  typeOffset: number,
  picture: Picture,
  edges: DecodedEdges,
  place: Place,
  hasRawNeighbour: boolean,
): void {
  codeLuma(picture, edges, place);
  codeChroma(picture.blue, edges, 0, place);
  codeChroma(picture.red, edges, 1, place);
  const hasChroma = !isZero(chromaLevels[0]) || !isZero(chromaLevels[1]);
  writer.unsigned(typeOffset + INTRA_16X16_DC + (hasChroma ? WITH_CHROMA_DC : 0));
  writer.unsigned(0); // chroma prediction: DC
  writer.signed(0); // same QP as before
  writeResidual(writer, lumaLevels, hasRawNeighbour ? 'dense' : 'plain');
  if (!hasChroma) return;
  writeResidual(writer, chromaLevels[0], 'chroma');
  writeResidual(writer, chromaLevels[1], 'chroma');
}

function codeLuma(picture: Picture, edges: DecodedEdges, place: Place): void {
  const prediction = edges.predictLuma(place);
  const first = place.row * 4 * picture.cellColumns + place.column * 4;
  for (let k = 0; k < 16; k += 1) {
    work[k] = picture.luma[first + (k >> 2) * picture.cellColumns + (k & 3)]! - prediction;
  }
  transform();
  for (let k = 0; k < 16; k += 1) work[k] = (work[k]! + 8) >> 4;
  for (let k = 0; k < 16; k += 1) lumaLevels[k] = work[zigzag[k]!]!;
  transform();
  let right = 0;
  let bottom = 0;
  for (let k = 0; k < 4; k += 1) {
    right += clip(prediction + work[k * 4 + 3]!);
    bottom += clip(prediction + work[12 + k]!);
  }
  // A cell has four pixels on each side.
  edges.lumaRight[place.index] = right * 4;
  edges.lumaBottom[place.index] = bottom * 4;
}

/** The 4×4 Hadamard transform, which is its own inverse but for a factor of 16. */
function transform(): void {
  for (let k = 0; k < 4; k += 1) transformFour(k * 4, 1);
  for (let k = 0; k < 4; k += 1) transformFour(k, 4);
}

function transformFour(start: number, step: number): void {
  const a = work[start]!;
  const b = work[start + step]!;
  const c = work[start + 2 * step]!;
  const d = work[start + 3 * step]!;
  work[start] = a + b + c + d;
  work[start + step] = a + b - c - d;
  work[start + 2 * step] = a - b - c + d;
  work[start + 3 * step] = a - b + c - d;
}

function codeChroma(colour: Uint8Array, edges: DecodedEdges, plane: Plane, place: Place): void {
  const stride = place.columns * 2;
  const first = place.row * 2 * stride + place.column * 2;
  const predicted = edges.predictChroma(plane, place);
  const a = colour[first]! - predicted[0];
  const b = colour[first + 1]! - predicted[1];
  const c = colour[first + stride]! - predicted[2];
  const d = colour[first + stride + 1]! - predicted[3];
  const mean = (a + b + c + d + 2) >> 2;
  const across = (a - b + c - d + 2) >> 2;
  const down = (a + b - c - d + 2) >> 2;
  const diagonal = (a - b - c + d + 2) >> 2;
  chromaLevels[plane].set([mean, across, down, diagonal]);
  const upperRight = clip(predicted[1] + mean - across + down - diagonal) * 4;
  const lowerLeft = clip(predicted[2] + mean + across - down - diagonal) * 4;
  const lowerRight = clip(predicted[3] + mean - across - down + diagonal) * 4;
  edges.chromaRight[plane].set([upperRight, lowerRight], place.index * 2);
  edges.chromaBottom[plane].set([lowerLeft, lowerRight], place.index * 2);
}

function isZero(levels: Int32Array): boolean {
  return levels.every((level) => level === 0);
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
