import { glyphs, unknownGlyph } from './glyphs.js';

export const GLYPH_ROWS = 9;
const LETTER_GAP = 1;

/** One character as it is drawn: `rows[y][x]` says whether there is ink. */
export interface Glyph {
  readonly width: number;
  readonly rows: readonly (readonly boolean[])[];
}

/** What typography writes in one way and this font in another. */
const spelling: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u00a0': ' ',
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
};

const drawn = new Map(Object.entries(glyphs).map(([character, pattern]) => [character, parseGlyph(pattern)]));
const unknown = parseGlyph(unknownGlyph);

/** The characters to draw for a text: accents are dropped, typographic signs simplified, white space made single spaces. */
export function simplify(text: string): string {
  const plain = [...text].map((character) => spelling[character] ?? character).join('');
  return plain
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();
}

export function glyphOf(character: string): Glyph {
  return drawn.get(character) ?? unknown;
}

/** Width in font pixels, with the gap after each letter but the last. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += glyphOf(character).width + LETTER_GAP;
  return Math.max(0, width - LETTER_GAP);
}

/** Calls `ink` for every pixel of a text whose upper left corner is at 0, 0. */
export function drawText(text: string, scale: number, ink: (x: number, y: number) => void): void {
  let left = 0;
  for (const character of text) {
    const glyph = glyphOf(character);
    for (const [row, line] of glyph.rows.entries()) {
      for (const [column, hasInk] of line.entries()) {
        if (hasInk) inkSquare((left + column) * scale, row * scale, scale, ink);
      }
    }
    left += glyph.width + LETTER_GAP;
  }
}

function inkSquare(left: number, top: number, size: number, ink: (x: number, y: number) => void): void {
  for (let y = top; y < top + size; y += 1) for (let x = left; x < left + size; x += 1) ink(x, y);
}

function parseGlyph(pattern: string): Glyph {
  const rows = pattern.split('/').map((row) => [...row].map((pixel) => pixel === '#'));
  return { width: rows[0]?.length ?? 0, rows };
}
