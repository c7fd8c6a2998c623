import { BitWriter } from './bit-writer.js';
import { nalType, nalUnit } from './nal-unit.js';

/**
 * With these two values one transform level is exactly one step of brightness (luma QP 28) or colour (chroma QP 22): the DC
 * transform of clause 8.5 scales by 64 and rounds by 64. The macroblock coder depends on it.
 */
const LUMA_QP = 28;
const CHROMA_QP_OFFSET = -6;

export const FRAME_NUMBER_BITS = 8;

const BASELINE_PROFILE = 66;
const CONSTRAINED_BASELINE = 0xc0;
const BT709 = 1;

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

export function sequenceParameters({ width, height }: FrameSize): Uint8Array {
  const columns = Math.ceil(width / 16);
  const rows = Math.ceil(height / 16);
  const writer = new BitWriter(64);
  writer.bits(8, BASELINE_PROFILE);
  writer.bits(8, CONSTRAINED_BASELINE);
  writer.bits(8, levelFor(columns * rows));
  writer.unsigned(0); // this set's id
  writer.unsigned(FRAME_NUMBER_BITS - 4);
  writer.unsigned(2); // picture order = decoding order
  writer.unsigned(1); // one reference frame
  writer.flag(false); // no gaps in frame numbers
  writer.unsigned(columns - 1);
  writer.unsigned(rows - 1);
  writer.flag(true); // frames only, no fields
  writer.flag(true); // direct_8x8_inference
  writeCropping(writer, columns * 16 - width, rows * 16 - height);
  writeColourSpace(writer);
  return nalUnit(nalType.sequenceParameters, writer.finish());
}

export function pictureParameters(): Uint8Array {
  const writer = new BitWriter(64);
  writer.unsigned(0); // this set's id
  writer.unsigned(0); // sequence parameter set
  writer.flag(false); // CAVLC
  writer.flag(false); // no bottom-field order
  writer.unsigned(0); // one slice group
  writer.unsigned(0); // one active reference, list 0
  writer.unsigned(0); // one active reference, list 1
  writer.flag(false); // no weighted prediction
  writer.bits(2, 0);
  writer.signed(LUMA_QP - 26);
  writer.signed(0); // QP of switching slices
  writer.signed(CHROMA_QP_OFFSET);
  writer.flag(true); // slices may switch the deblocking filter off, and do
  writer.flag(false); // intra prediction may use neighbours that were copied from the frame before
  writer.flag(false); // no redundant pictures
  return nalUnit(nalType.pictureParameters, writer.finish());
}

/** Level 3.0 ends at 1,620 macroblocks per frame, 3.1 at 3,600 (both at 30 frames per second for our two sizes). */
function levelFor(macroblocks: number): number {
  return macroblocks <= 1620 ? 30 : 31;
}

function writeCropping(writer: BitWriter, right: number, bottom: number): void {
  writer.flag(right > 0 || bottom > 0);
  if (right === 0 && bottom === 0) return;
  for (const offset of [0, right / 2, 0, bottom / 2]) writer.unsigned(offset);
}

/** Says BT.709, limited range: without it players guess by the frame's height. */
function writeColourSpace(writer: BitWriter): void {
  writer.flag(true); // usability information follows
  writer.flag(false); // aspect ratio
  writer.flag(false); // overscan
  writer.flag(true); // video signal type follows
  writer.bits(3, 5); // format not specified
  writer.flag(false); // limited range
  writer.flag(true); // colour description follows
  for (let field = 0; field < 3; field += 1) writer.bits(8, BT709);
  for (let field = 0; field < 6; field += 1) writer.flag(false); // chroma position, timing, two decoder models, structure, restrictions
}
