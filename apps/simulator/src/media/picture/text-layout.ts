import { textWidth } from './font.js';

/** Breaks a text into lines of at most `width` font pixels, at spaces where there are any; what is left over becomes "…". */
export function wrapText(text: string, width: number, lineCount: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest !== '' && lines.length < lineCount) {
    const length = fittingLength(rest, width);
    lines.push(rest.slice(0, length).trimEnd());
    rest = rest.slice(length).trimStart();
  }
  if (rest !== '') lines.push(withEllipsis(lines.pop() ?? '', width));
  return lines;
}

/** How many UTF-16 units of the text go into one line, at least one character. */
function fittingLength(text: string, width: number): number {
  let length = 0;
  let lastBreak = 0;
  for (const character of text) {
    if (length > 0 && textWidth(text.slice(0, length + character.length).trimEnd()) > width) {
      return lastBreak > 0 ? lastBreak : length;
    }
    length += character.length;
    // Chinese and Japanese are written without spaces and may be broken after any character.
    if (character === ' ' || character === '-' || /\p{Script=Han}|\p{Script=Kana}/u.test(character)) lastBreak = length;
  }
  return length;
}

function withEllipsis(line: string, width: number): string {
  let characters = [...line];
  while (characters.length > 0 && textWidth(`${characters.join('').trimEnd()}…`) > width) {
    characters = characters.slice(0, -1);
  }
  return `${characters.join('').trimEnd()}…`;
}
