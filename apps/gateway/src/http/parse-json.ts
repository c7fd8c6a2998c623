/** JSON whose long texts stay bytes: an image or a video in a body never becomes a string. Pure. */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { AppError } from '@reelay/contracts/errors';
import { LongText, longTextBytes } from '@reelay/contracts/request/long-text';

/** What a body may have beside its long texts; parsing it is work of a moment. */
const restBytes = 16 * 1024 * 1024;
/** What of that may stand outside of strings: it is brackets and commas, each of which becomes an object or a call. */
const bareBytes = 1024 * 1024;
/** A long conversation has some thousand. */
const mostStrings = 150_000;
/** Quotes within strings, and backslashes before them, that are looked at one by one while everybody waits. */
const mostQuotes = 1_000_000;
/** Stands in for what was cut out. Nobody outside can know it. */
const mark = `long text ${randomUUID()} `;

/** @throws AppError `invalid_json`, `request_too_large` */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new AppError('invalid_json', 'The body is empty; send a JSON object.');
  if (!isUtf8(bytes)) throw unreadable();
  const { text, cut } = cutLongTexts(bytes);
  try {
    if (cut.length === 0) return JSON.parse(text) as unknown;
    return JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' && value.startsWith(mark) ? cut[Number(value.slice(mark.length))] : value,
    ) as unknown;
  } catch (error) {
    // V8 quotes the body in its message: say it in our words. What was cut out is missing in its positions.
    const place = /at position \d+|line \d+ column \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    throw unreadable(cut.length === 0 ? place : undefined);
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** Quotes begin and end strings and stand nowhere else, so that strings are found without looking at what is between them. */
function cutLongTexts(bytes: Buffer): { text: string; cut: LongText[] } {
  const pieces: string[] = [];
  const cut: LongText[] = [];
  let from = hasByteOrderMark(bytes) ? 3 : 0;
  if (bytes.length <= longTextBytes) return { text: bytes.toString('utf8', from), cut };
  const ends = new StringEnds(bytes);
  let keptBytes = 0;
  let bare = 0;
  let strings = 0;
  let lastEnd = from;
  const countBare = (until: number) => {
    bare += until - lastEnd;
    if (bare > bareBytes) throw tooMuchText();
  };
  const keep = (end: number) => {
    keptBytes += end - from;
    if (keptBytes > restBytes) throw tooMuchText();
    pieces.push(bytes.toString('utf8', from, end));
  };
  for (let open = bytes.indexOf(quote, from); open !== -1; ) {
    countBare(open);
    strings += 1;
    if (strings > mostStrings) throw tooMuchText();
    const close = ends.next(open + 1);
    lastEnd = close === -1 ? bytes.length : close + 1;
    if (close === -1) break;
    if (close - open > longTextBytes) {
      keep(open + 1);
      pieces.push(mark, String(cut.length));
      cut.push(new LongText(bytes.subarray(open + 1, close)));
      from = close;
    } else if (close - from > restBytes) throw tooMuchText();
    open = bytes.indexOf(quote, close + 1);
  }
  countBare(bytes.length);
  keep(bytes.length);
  return { text: pieces.join(''), cut };
}

class StringEnds {
  readonly #bytes: Buffer;
  #looked = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next quote that no odd number of backslashes stands before; −1 where there is none. */
  next(from: number): number {
    for (let at = this.#bytes.indexOf(quote, from); at !== -1; at = this.#bytes.indexOf(quote, at + 1)) {
      let first = at;
      while (first > from && this.#bytes[first - 1] === backslash) {
        first -= 1;
        this.#count();
      }
      this.#count();
      if ((at - first) % 2 === 0) return at;
    }
    return -1;
  }

  #count(): void {
    this.#looked += 1;
    if (this.#looked > mostQuotes) throw tooMuchText();
  }
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function unreadable(place?: string): AppError {
  return new AppError(
    'invalid_json',
    `The body is not valid JSON${place ? ` (${place})` : ''}: check quotes, commas and that it is UTF-8.`,
  );
}

function tooMuchText(): AppError {
  return new AppError(
    'request_too_large',
    `Beside its images and videos a body may have at most ${restBytes >> 20} MiB, and not so many parts: shorten the conversation.`,
  );
}
