import { drawText, GLYPH_ROWS, glyphOf, simplify, textWidth } from './font.js';
import { glyphs } from './glyphs.js';

function draw(text: string): string {
  const pixels = new Set<string>();
  drawText(text, 1, (x, y) => void pixels.add(`${x},${y}`));
  const row = (y: number) =>
    Array.from({ length: textWidth(text) }, (_, x) => (pixels.has(`${x},${y}`) ? '#' : '.')).join('');
  return Array.from({ length: GLYPH_ROWS }, (_, y) => row(y)).join('\n');
}

test('every printable character of ASCII has a glyph of its own', () => {
  const shapes = new Set<string>();
  for (let code = 32; code < 127; code += 1) {
    const character = String.fromCharCode(code);
    expect(glyphs).toHaveProperty([character]);
    shapes.add(draw(`${character}|`));
  }
  expect(shapes.size).toBe(95);
});

test('every glyph is a rectangle that fits into a line', () => {
  for (const character of Object.keys(glyphs)) {
    const { rows, width } = glyphOf(character);
    expect(rows.every((row) => row.length === width)).toBe(true);
    expect(rows.length).toBeLessThanOrEqual(GLYPH_ROWS);
    expect(width).toBeLessThanOrEqual(5);
  }
});

test('letters stand side by side with a gap', () => {
  expect(draw('Hi')).toBe(
    ['#...#.#', '#...#..', '#...#.#', '#####.#', '#...#.#', '#...#.#', '#...#.#', '.......', '.......'].join('\n'),
  );
});

test('what the font does not have becomes a box, never nothing', () => {
  const box = draw('猫');
  expect(box.startsWith('#####\n#...#')).toBe(true);
  expect(draw('🦊')).toBe(box);
});

test.each([
  ['Ünïcödé', 'Unicode'],
  ['“quoted” — it’s', '"quoted" - it\'s'],
  ['Straße', 'Strasse'],
  ['  many\n\tblanks ', 'many blanks'],
  ['한국', '한국'],
])('%j is drawn as %j', (text, drawn) => {
  expect(simplify(text)).toBe(drawn);
});
