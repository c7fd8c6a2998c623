import type { Colour } from './colour.js';

export const CELL = 4;
const CELLS_PER_MACROBLOCK = 4;
const RAW_BYTES = 384;

/** A rectangle of cells: `left` and `top` belong to it, `right` and `bottom` do not. */
export interface CellArea {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * A picture as this encoder likes it: a mosaic of 4×4-pixel cells (colour per 2×2 cells), and ink of single pixels above it. The
 * mosaic costs a few bytes per macroblock; a macroblock with ink is sent raw, which is dear but sharp, so ink is for text.
 */
export class Picture {
  readonly columns: number;
  readonly rows: number;
  readonly cellColumns: number;
  readonly cellRows: number;
  readonly luma: Uint8Array;
  readonly blue: Uint8Array;
  readonly red: Uint8Array;
  /** Raw pixels of the macroblocks with ink: 256 of brightness, 64 + 64 of colour. */
  readonly raw = new Map<number, Uint8Array>();
  /** One per macroblock; the encoder clears it. */
  readonly isChanged: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.columns = Math.ceil(width / 16);
    this.rows = Math.ceil(height / 16);
    this.cellColumns = this.columns * CELLS_PER_MACROBLOCK;
    this.cellRows = this.rows * CELLS_PER_MACROBLOCK;
    this.luma = new Uint8Array(this.cellColumns * this.cellRows);
    this.blue = new Uint8Array(this.luma.length / 4);
    this.red = new Uint8Array(this.luma.length / 4);
    this.isChanged = new Uint8Array(this.columns * this.rows);
  }

  get everything(): CellArea {
    return { left: 0, top: 0, right: this.cellColumns, bottom: this.cellRows };
  }

  /** Paints the cells of an area (widened to pairs of cells) and marks the macroblocks that really changed. */
  paint(area: CellArea, colourOf: (x: number, y: number) => Colour): void {
    const top = Math.max(0, area.top & ~1);
    const left = Math.max(0, area.left & ~1);
    const bottom = Math.min(this.cellRows, area.bottom);
    const right = Math.min(this.cellColumns, area.right);
    for (let y = top; y < bottom; y += 2) for (let x = left; x < right; x += 2) this.#paintPair(x, y, colourOf);
  }

  /** Puts ink on one pixel; outside of the picture nothing happens. */
  ink(x: number, y: number, colour: Colour): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const index = (y >> 4) * this.columns + (x >> 4);
    const pixels = this.#rawMacroblock(index);
    pixels[(y & 15) * 16 + (x & 15)] = colour[0];
    const chroma = 256 + ((y & 15) >> 1) * 8 + ((x & 15) >> 1);
    pixels[chroma] = colour[1];
    pixels[chroma + 64] = colour[2];
    this.isChanged[index] = 1;
  }

  /** Takes all ink off every macroblock that the rectangle (in pixels) touches. */
  wipeInk(left: number, top: number, right: number, bottom: number): void {
    for (let row = top >> 4; row <= (bottom - 1) >> 4; row += 1) {
      for (let column = left >> 4; column <= (right - 1) >> 4; column += 1) {
        const index = row * this.columns + column;
        if (this.raw.delete(index)) this.isChanged[index] = 1;
      }
    }
  }

  #paintPair(x: number, y: number, colourOf: (x: number, y: number) => Colour): void {
    let blue = 0;
    let red = 0;
    let isChanged = false;
    for (let k = 0; k < 4; k += 1) {
      const cellX = x + (k & 1);
      const cellY = y + (k >> 1);
      const colour = colourOf(cellX, cellY);
      const cell = cellY * this.cellColumns + cellX;
      const luma = round(colour[0]);
      isChanged ||= this.luma[cell] !== luma;
      this.luma[cell] = luma;
      blue += colour[1];
      red += colour[2];
    }
    const pair = (y >> 1) * (this.cellColumns >> 1) + (x >> 1);
    blue = round(blue / 4);
    red = round(red / 4);
    isChanged ||= this.blue[pair] !== blue || this.red[pair] !== red;
    this.blue[pair] = blue;
    this.red[pair] = red;
    if (isChanged) this.isChanged[(y >> 2) * this.columns + (x >> 2)] = 1;
  }

  #rawMacroblock(index: number): Uint8Array {
    const known = this.raw.get(index);
    if (known) return known;
    const pixels = new Uint8Array(RAW_BYTES);
    const cellLeft = (index % this.columns) * 4;
    const cellTop = Math.floor(index / this.columns) * 4;
    for (let k = 0; k < 256; k += 1) {
      pixels[k] = this.luma[(cellTop + (k >> 6)) * this.cellColumns + cellLeft + ((k & 15) >> 2)]!;
    }
    for (let k = 0; k < 64; k += 1) {
      const pair = ((cellTop >> 1) + (k >> 5)) * (this.cellColumns >> 1) + (cellLeft >> 1) + ((k & 7) >> 2);
      pixels[256 + k] = this.blue[pair]!;
      pixels[320 + k] = this.red[pair]!;
    }
    this.raw.set(index, pixels);
    return pixels;
  }
}

/** For what is never negative. */
function round(value: number): number {
  return (value + 0.5) | 0;
}
