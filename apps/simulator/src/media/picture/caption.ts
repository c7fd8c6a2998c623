import { type Colour, clamp, mix } from './colour.js';
import { drawText, GLYPH_ROWS, simplify, textWidth } from './font.js';
import type { Palette } from './palette.js';
import { CELL, type Picture } from './picture.js';
import { wrapText } from './text-layout.js';

export interface CaptionText {
  readonly prompt: string;
  readonly details: string;
  readonly seconds: number;
}

const LINE_GAP = 2;
const PROGRESS_CELLS = 2;

/** The panel below the landscape: the prompt, one line of details with a clock, and a bar that fills as time goes by. */
export class Caption {
  readonly #margin: number;
  readonly #padding: number;
  readonly #detailScale: number;
  readonly #detailTop: number;
  #clock = '';
  #progress: number | undefined;

  constructor(
    readonly picture: Picture,
    readonly palette: Palette,
    /** First row of cells. */
    readonly top: number,
    readonly text: CaptionText,
  ) {
    this.#detailScale = Math.max(2, Math.round(Math.min(picture.width, picture.height) / 180));
    this.#margin = 12 * this.#detailScale;
    this.#padding = 7 * this.#detailScale;
    this.#detailTop = picture.height - this.#padding - GLYPH_ROWS * this.#detailScale;
    picture.paint({ ...picture.everything, top }, () => palette.panel);
    this.#writePrompt();
    this.#write(text.details, this.#margin, this.#detailTop, this.#detailScale, palette.accent);
  }

  paint(time: number): void {
    this.#paintProgress(time);
    this.#writeClock(`${Math.floor(time * this.text.seconds)} / ${this.text.seconds} s`);
  }

  /** As large as the panel allows: a short prompt is set larger than a long one. */
  #writePrompt(): void {
    const top = (this.top + PROGRESS_CELLS) * CELL + this.#padding;
    const width = this.picture.width - 2 * this.#margin;
    const height = this.#detailTop - this.#padding / 2 - top;
    const prompt = simplify(this.text.prompt);
    for (let scale = this.#detailScale + 2; scale >= this.#detailScale; scale -= 1) {
      const lineHeight = (GLYPH_ROWS + LINE_GAP) * scale;
      const lineCount = Math.max(1, Math.floor((height + LINE_GAP * scale) / lineHeight));
      const lines = wrapText(prompt, Math.floor(width / scale), lineCount);
      if (lines.at(-1)?.endsWith('…') && scale > this.#detailScale) continue;
      for (const [index, line] of lines.entries()) {
        this.#write(line, this.#margin, top + index * lineHeight, scale, this.palette.text);
      }
      return;
    }
  }

  #writeClock(clock: string): void {
    if (clock === this.#clock) return;
    const left = (text: string) => this.picture.width - this.#margin - textWidth(text) * this.#detailScale;
    const bottom = this.#detailTop + GLYPH_ROWS * this.#detailScale;
    const from = Math.min(left(clock), left(this.#clock));
    this.picture.wipeInk(from, this.#detailTop, this.picture.width - this.#margin, bottom);
    this.#write(clock, left(clock), this.#detailTop, this.#detailScale, this.palette.accent);
    this.#clock = clock;
  }

  #paintProgress(time: number): void {
    const { track, accent } = this.palette;
    const end = time * (this.picture.width / CELL);
    const right = this.#progress === undefined ? this.picture.cellColumns : Math.ceil(end) + 1;
    const area = { left: Math.floor(this.#progress ?? 0), right, top: this.top, bottom: this.top + PROGRESS_CELLS };
    this.picture.paint(area, (x) => mix(track, accent, clamp(end - x)));
    this.#progress = end;
  }

  #write(text: string, left: number, top: number, scale: number, colour: Colour): void {
    drawText(text, scale, (x, y) => this.picture.ink(left + x, top + y, colour));
  }
}
