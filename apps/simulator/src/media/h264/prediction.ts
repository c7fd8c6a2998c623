/** Where a macroblock stands in its picture. */
export interface Place {
  readonly column: number;
  readonly row: number;
  readonly index: number;
  readonly columns: number;
}

/** Which of the two colour planes. */
export type Plane = 0 | 1;

/**
 * What the neighbours to the right and below need for their prediction: per macroblock the sums over its last column and last row
 * of decoded pixels; for colour one sum per half.
 */
export class DecodedEdges {
  readonly lumaRight: Int32Array;
  readonly lumaBottom: Int32Array;
  readonly chromaRight: readonly [Int32Array, Int32Array];
  readonly chromaBottom: readonly [Int32Array, Int32Array];

  constructor(macroblocks: number) {
    this.lumaRight = new Int32Array(macroblocks);
    this.lumaBottom = new Int32Array(macroblocks);
    this.chromaRight = [new Int32Array(macroblocks * 2), new Int32Array(macroblocks * 2)];
    this.chromaBottom = [new Int32Array(macroblocks * 2), new Int32Array(macroblocks * 2)];
  }

  /** Intra 16×16 DC prediction of the brightness (clause 8.3.3.3). */
  predictLuma({ column, row, index, columns }: Place): number {
    const left = column > 0 ? this.lumaRight[index - 1] : undefined;
    const above = row > 0 ? this.lumaBottom[index - columns] : undefined;
    return mean(left, above, 4);
  }

  /** DC prediction of the four quarters of a colour plane (clause 8.3.4). */
  predictChroma(plane: Plane, { column, row, index, columns }: Place): readonly [number, number, number, number] {
    const left = (half: 0 | 1) => (column > 0 ? this.chromaRight[plane][(index - 1) * 2 + half] : undefined);
    const above = (half: 0 | 1) => (row > 0 ? this.chromaBottom[plane][(index - columns) * 2 + half] : undefined);
    // Off the diagonal one neighbour is enough: for the upper right the one above, for the lower left the one to the left.
    return [
      mean(left(0), above(0), 2),
      mean(above(1) ?? left(0), undefined, 2),
      mean(left(1) ?? above(0), undefined, 2),
      mean(left(1), above(1), 2),
    ];
  }
}

/** The rounded mean of 2^`bits` pixels on each side that exists; mid-grey where there is none. */
function mean(first: number | undefined, second: number | undefined, bits: number): number {
  if (first !== undefined && second !== undefined) return (first + second + (1 << bits)) >> (bits + 1);
  const only = first ?? second;
  return only === undefined ? 128 : (only + (1 << (bits - 1))) >> bits;
}
