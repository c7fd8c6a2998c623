import { type Colour, clamp, mix } from './colour.js';
import type { Palette } from './palette.js';
import type { CellArea, Picture } from './picture.js';
import { seededNumbers } from './seeded-numbers.js';

const GLOW_REACH = 2.1;

/** A valley under a sky through which an orb travels from one side to the other, as the sun does in a day. */
export class Landscape {
  readonly #sky: Colour[] = [];
  readonly #farLine: Float64Array;
  readonly #nearLine: Float64Array;
  readonly #orbRadius: number;
  readonly #isWestward: boolean;
  readonly #arcHeight: number;
  #orb = { x: Number.NaN, y: Number.NaN };

  /** Uses the upper `horizon` rows of cells of the picture. */
  constructor(
    readonly picture: Picture,
    readonly palette: Palette,
    readonly horizon: number,
    seed: string,
  ) {
    const next = seededNumbers(`landscape ${seed}`);
    const size = Math.min(picture.cellColumns, horizon);
    this.#orbRadius = size * (0.11 + next() * 0.05);
    this.#isWestward = next() < 0.5;
    this.#arcHeight = 0.48 + next() * 0.16;
    this.#farLine = ridge(picture.cellColumns, horizon * 0.66, size * 0.12, 0.05, next);
    this.#nearLine = ridge(picture.cellColumns, horizon * 0.86, size * 0.09, 0.028, next);
    this.#paintSky(next);
  }

  /** The picture at `time` (0 to 1): the first call paints everything, later ones only where the orb is and was. */
  paint(time: number): void {
    const before = this.#orb;
    this.#orb = this.#orbAt(time);
    const isFirst = Number.isNaN(before.x);
    const area = isFirst ? { ...this.picture.everything, bottom: this.horizon } : this.#around(before, this.#orb);
    this.picture.paint(area, (x, y) => this.#colourAt(x, y));
  }

  #paintSky(next: () => number): void {
    const { skyTop, skyBottom, orb, starlight } = this.palette;
    for (let y = 0; y < this.horizon; y += 1) {
      const row = mix(skyTop, skyBottom, (y / this.horizon) ** 1.25);
      for (let x = 0; x < this.picture.cellColumns; x += 1) {
        const isStar = next() < 0.012 * starlight;
        this.#sky.push(isStar ? mix(row, orb, (0.35 + next() * 0.5) * (1 - y / this.horizon)) : row);
      }
    }
  }

  #orbAt(time: number): { x: number; y: number } {
    const along = 0.05 + time * 0.9;
    const across = this.#isWestward ? 1 - along : along;
    const rise = Math.sin(Math.PI * (0.14 + along * 0.72));
    return { x: across * this.picture.cellColumns, y: this.horizon * (0.84 - rise * this.#arcHeight) };
  }

  #around(...centres: readonly { x: number; y: number }[]): CellArea {
    const reach = this.#orbRadius * GLOW_REACH + 1;
    return {
      left: Math.floor(Math.min(...centres.map(({ x }) => x)) - reach),
      right: Math.ceil(Math.max(...centres.map(({ x }) => x)) + reach),
      top: Math.floor(Math.min(...centres.map(({ y }) => y)) - reach),
      bottom: Math.min(this.horizon, Math.ceil(Math.max(...centres.map(({ y }) => y)) + reach)),
    };
  }

  #colourAt(x: number, y: number): Colour {
    const sky = this.#sky[y * this.picture.cellColumns + x]!;
    const near = clamp(y + 1 - this.#nearLine[x]!);
    if (near === 1) return this.palette.nearHills;
    const far = clamp(y + 1 - this.#farLine[x]!);
    const lit = far < 1 ? this.#lit(sky, x, y) : sky;
    const behind = far > 0 ? mix(lit, this.palette.farHills, far) : lit;
    return near > 0 ? mix(behind, this.palette.nearHills, near) : behind;
  }

  /** The sky with the orb and its glow; the orb's rim is as smooth as one cell allows. */
  #lit(sky: Colour, x: number, y: number): Colour {
    const reach = this.#orbRadius * GLOW_REACH;
    const across = x + 0.5 - this.#orb.x;
    const down = y + 0.5 - this.#orb.y;
    const square = across * across + down * down;
    if (square > reach * reach) return sky;
    const distance = Math.sqrt(square);
    const disc = clamp(this.#orbRadius - distance + 0.5);
    const fade = 1 - distance / reach;
    return mix(sky, this.palette.orb, Math.max(disc, 0.55 * fade * fade));
  }
}

/** A line of hills: for every column the row where it begins. */
function ridge(columns: number, level: number, height: number, frequency: number, next: () => number): Float64Array {
  const waves = [1, 2.3, 5.1].map((factor) => ({
    frequency: frequency * factor * (0.8 + next() * 0.4),
    phase: next() * 2 * Math.PI,
    height: height / factor,
  }));
  return Float64Array.from({ length: columns }, (_, x) =>
    waves.reduce((line, wave) => line + Math.sin(x * wave.frequency + wave.phase) * wave.height, level),
  );
}
