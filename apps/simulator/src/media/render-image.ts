import sharp from 'sharp';
import { type Rgb, toRgb } from './picture/colour.js';
import { drawText, GLYPH_ROWS, simplify } from './picture/font.js';
import { Landscape } from './picture/landscape.js';
import { type Palette, paletteFor } from './picture/palette.js';
import { CELL, Picture } from './picture/picture.js';
import { wrapText } from './picture/text-layout.js';

export interface ImagePlan {
  readonly seed: string;
  readonly prompt: string;
  /** Stands before the prompt in the picture. */
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly format: 'png' | 'webp';
}

const CHANNELS = 3;
const LINE_GAP = 2;

/** Makes a picture that shows its prompt; the same plan gives the same bytes. */
export async function renderImage(plan: ImagePlan): Promise<Buffer> {
  const { width, height, prompt, label, format } = plan;
  const palette = paletteFor(prompt);
  const canvas = new Canvas(width, height);
  // Even, because cells are painted in pairs: below the horizon there is no sky to paint.
  const horizon = Math.round((height * 0.57) / 2) * 2;
  paintLandscape(canvas, palette, horizon, plan.seed);
  writePrompt(canvas, palette, horizon, [label, prompt].filter(Boolean).join(' · '));
  const image = sharp(canvas.pixels, { raw: { width, height, channels: CHANNELS } });
  return format === 'png' ? image.png().toBuffer() : image.webp({ quality: 90 }).toBuffer();
}

class Canvas {
  readonly pixels: Buffer;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = Buffer.alloc(width * height * CHANNELS);
  }

  put(x: number, y: number, [red, green, blue]: Rgb): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * CHANNELS;
    this.pixels[at] = red;
    this.pixels[at + 1] = green;
    this.pixels[at + 2] = blue;
  }
}

/** The landscape is made of cells; where each pixel is a cell of its own, it is smooth. */
function paintLandscape(canvas: Canvas, palette: Palette, horizon: number, seed: string): void {
  const mosaic = new Picture(canvas.width * CELL, canvas.height * CELL);
  new Landscape(mosaic, palette, horizon, seed).paint(0.35);
  for (let y = 0; y < horizon; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      const pair = (y >> 1) * (mosaic.cellColumns >> 1) + (x >> 1);
      canvas.put(x, y, toRgb([mosaic.luma[y * mosaic.cellColumns + x]!, mosaic.blue[pair]!, mosaic.red[pair]!]));
    }
  }
}

/** As large as the panel below the landscape allows. */
function writePrompt(canvas: Canvas, palette: Palette, top: number, text: string): void {
  const panel = toRgb(palette.panel);
  const ink = toRgb(palette.text);
  for (let y = top; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) canvas.put(x, y, panel);
  }
  const margin = Math.round(Math.min(canvas.width, canvas.height) / 18);
  const prompt = simplify(text);
  for (const scale of [4, 3, 2]) {
    const lineHeight = (GLYPH_ROWS + LINE_GAP) * scale;
    const lineCount = Math.max(1, Math.floor((canvas.height - top - 2 * margin) / lineHeight));
    const lines = wrapText(prompt, Math.floor((canvas.width - 2 * margin) / scale), lineCount);
    if (lines.at(-1)?.endsWith('…') && scale > 2) continue;
    for (const [index, line] of lines.entries()) {
      const y = top + margin + index * lineHeight;
      drawText(line, scale, (inkX, inkY) => canvas.put(margin + inkX, y + inkY, ink));
    }
    return;
  }
}
