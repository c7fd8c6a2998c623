/** Takes marks (a style, a link, an id) out of a prompt without hurting the text around them. */

export interface Mark<Meaning> {
  /** UTF-16 units: where it begins, and the first one after it. */
  start: number;
  end: number;
  meaning: Meaning;
  /** Marks with equal names are the same. */
  name: string;
}

/**
 * The first mark counts and is removed, and so is every repetition of it; marks that mean something else stay as text, for nothing that
 * a client wrote may vanish without an effect. Of the white space beside a removed mark what separates best stays.
 *
 * @param marks in the order of the text, none overlapping
 */
export function takeFirstMark<Meaning>(
  prompt: string,
  marks: Iterable<Mark<Meaning>>,
): { prompt: string; meaning?: Meaning } {
  let first: Mark<Meaning> | undefined;
  const pieces: string[] = [];
  let end = 0;
  for (const mark of marks) {
    first ??= mark;
    if (mark.name !== first.name) continue;
    pieces.push(prompt.slice(end, mark.start));
    end = mark.end;
  }
  if (!first) return { prompt };
  pieces.push(prompt.slice(end));
  return { prompt: joinPieces(pieces), meaning: first.meaning };
}

/** White space between two pieces, and what it weighs. */
interface Gap {
  text: string;
  lineBreaks: number;
}

/** At the ends of the prompt no white space is needed; between two pieces the one with most line breaks is kept. */
function joinPieces(pieces: readonly string[]): string {
  const parts: string[] = [];
  let before = '';
  let gap = gapOf('');
  for (const [index, piece] of pieces.entries()) {
    const body = piece.trim();
    if (body === '') {
      gap = widerGap(gap, gapOf(piece));
      continue;
    }
    const start = piece.indexOf(body);
    const leading = piece.slice(0, start);
    const trailing = piece.slice(start + body.length);
    if (index === 0) parts.push(leading);
    else if (before !== '') parts.push(separator(before, widerGap(gap, gapOf(leading)), body));
    parts.push(body);
    if (index === pieces.length - 1) parts.push(trailing);
    before = body;
    gap = gapOf(trailing);
  }
  return parts.join('');
}

function gapOf(text: string): Gap {
  return { text, lineBreaks: text.match(/\r\n|[\n\r\u2028\u2029]/g)?.length ?? 0 };
}

function widerGap(left: Gap, right: Gap): Gap {
  return left.text === '' || right.lineBreaks > left.lineBreaks ? right : left;
}

/** `red{anime}fox` is two words; in a script that writes none apart nothing is put between. */
function separator(before: string, gap: Gap, after: string): string {
  return gap.text === '' && isWordCharacter(before.at(-1)) && isWordCharacter(after.at(0)) ? ' ' : gap.text;
}

function isWordCharacter(character: string | undefined): boolean {
  return /^[\w\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}-]$/u.test(character ?? '');
}
