import type { Picture } from '../picture/picture.js';
import { BitWriter } from './bit-writer.js';
import { writeMosaicMacroblock } from './mosaic-macroblock.js';
import { nalType, nalUnit } from './nal-unit.js';
import { FRAME_NUMBER_BITS, pictureParameters, sequenceParameters } from './parameter-sets.js';
import { DecodedEdges, type Place } from './prediction.js';
import { writeRawMacroblock } from './raw-macroblock.js';

const ALL_P_SLICES = 5;
const ALL_I_SLICES = 7;
/** Intra macroblock types come after the five inter types in a P slice. */
const INTRA_IN_P = 5;

/**
 * A constrained-baseline H.264 encoder for one `Picture` that changes over time: the first frame whole, afterwards only what
 * changed. It knows no motion and no detail inside a cell, which is why it is fast enough to run beside a server.
 */
export class Encoder {
  readonly sequenceParameters: Uint8Array;
  readonly pictureParameters = pictureParameters();
  readonly #places: readonly Place[];
  readonly #edges: DecodedEdges;
  /** Which macroblocks of the current slice were sent raw: they count as "many coefficients" for their neighbours. */
  readonly #isRaw: Uint8Array;
  #frameNumber = 0;

  constructor(readonly picture: Picture) {
    const { columns, rows } = picture;
    this.sequenceParameters = sequenceParameters(picture);
    this.#places = Array.from({ length: columns * rows }, (_, index) => {
      return { index, columns, column: index % columns, row: Math.floor(index / columns) };
    });
    this.#edges = new DecodedEdges(columns * rows);
    this.#isRaw = new Uint8Array(columns * rows);
  }

  /** A frame that needs no other. */
  encodeKeyFrame(): Uint8Array {
    this.#frameNumber = 0;
    const writer = new BitWriter(1 << 16);
    this.#writeHeader(writer, ALL_I_SLICES);
    this.#isRaw.fill(0);
    for (const place of this.#places) this.#writeMacroblock(writer, 0, place);
    this.picture.isChanged.fill(0);
    return nalUnit(nalType.keySlice, writer.finish());
  }

  /** A frame that repeats the one before but for the changed macroblocks. */
  encodeChanges(): Uint8Array {
    this.#frameNumber = (this.#frameNumber + 1) & ((1 << FRAME_NUMBER_BITS) - 1);
    const writer = new BitWriter();
    this.#writeHeader(writer, ALL_P_SLICES);
    this.#isRaw.fill(0);
    let skipped = 0;
    for (const place of this.#places) {
      if (this.picture.isChanged[place.index] === 0) {
        skipped += 1;
        continue;
      }
      writer.unsigned(skipped);
      skipped = 0;
      this.#writeMacroblock(writer, INTRA_IN_P, place);
    }
    if (skipped > 0) writer.unsigned(skipped);
    this.picture.isChanged.fill(0);
    return nalUnit(nalType.slice, writer.finish());
  }

  #writeHeader(writer: BitWriter, sliceType: number): void {
    const isKey = sliceType === ALL_I_SLICES;
    writer.unsigned(0); // first macroblock
    writer.unsigned(sliceType);
    writer.unsigned(0); // picture parameter set
    writer.bits(FRAME_NUMBER_BITS, this.#frameNumber);
    if (isKey) {
      writer.unsigned(0); // id of this key picture
      writer.flag(false); // output what came before
      writer.flag(false); // not a long-term reference
    } else {
      writer.flag(false); // as many references as the parameter set says
      writer.flag(false); // in their usual order
      writer.flag(false); // the oldest reference leaves
    }
    writer.signed(0); // QP of the parameter set
    writer.unsigned(1); // no deblocking: it would blur the text
  }

  #writeMacroblock(writer: BitWriter, typeOffset: number, place: Place): void {
    const pixels = this.picture.raw.get(place.index);
    if (pixels) {
      writeRawMacroblock(writer, typeOffset, pixels, this.#edges, place.index);
      this.#isRaw[place.index] = 1;
    } else {
      writeMosaicMacroblock(writer, typeOffset, this.picture, this.#edges, place, this.#hasRawNeighbour(place));
      this.#isRaw[place.index] = 0;
    }
  }

  #hasRawNeighbour({ column, row, index, columns }: Place): boolean {
    return (column > 0 && this.#isRaw[index - 1] === 1) || (row > 0 && this.#isRaw[index - columns] === 1);
  }
}
