/**
 * Reads an uploaded file of accounts, row by row as it comes in: sora2api's export (a JSON array, or the body of its import call), one JSON
 * object per line, CSV with a header, or one token per line. Which of these it is, its beginning tells.
 */
import type { ImportMode } from '../batches.js';
import { type CsvRecord, CsvRecords } from './csv-records.js';
import { type BadRow, fieldOf, type ImportRow, readImportRow } from './import-row.js';
import { type ElementText, JsonElements, longestElement } from './json-elements.js';
import { rowOfToken } from './kind-of-token.js';

/** One for every row of the file, the unusable ones included, so that their positions are those of the file. */
export async function* readImport(chunks: AsyncIterable<string>, mode: ImportMode): AsyncGenerator<ImportRow | BadRow> {
  let head = '';
  let reader: Reader | undefined;
  for await (const chunk of chunks) {
    if (reader) {
      yield* reader.feed(chunk);
      continue;
    }
    head += chunk;
    const found = chooseReader(head, mode);
    if (!found) continue;
    reader = found.reader;
    yield* reader.feed(found.rest);
    head = '';
  }
  if (!reader && head.trim() !== '') {
    // One short line without an end.
    const found = chooseReader(`${head}\n`, mode) ?? { reader: new LineReader(mode), rest: head };
    reader = found.reader;
    yield* reader.feed(found.rest);
  }
  if (reader) yield* reader.end();
}

interface Reader {
  feed(chunk: string): Generator<ImportRow | BadRow>;
  end(): Generator<ImportRow | BadRow>;
}

const envelope = /^\{(?:\s*"\w+"\s*:\s*(?:"[^"]*"|[\w.-]+)\s*,)*\s*"(tokens|accounts|refresh_tokens)"\s*:\s*\[/;

/** Undefined while the beginning is too short to tell. */
function chooseReader(head: string, mode: ImportMode): { reader: Reader; rest: string } | undefined {
  const text = head.trimStart();
  if (text === '') return undefined;
  if (text.startsWith('[')) return { reader: new ElementReader('array', mode), rest: text.slice(1) };
  const lineEnd = text.search(/[\r\n]/);
  if (lineEnd < 0 && text.length < longestElement) return undefined;
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  if (text.startsWith('{')) return chooseObjectReader(text, line, mode);
  const delimiter = delimiterOf(line);
  if (delimiter === undefined) return { reader: new LineReader(mode), rest: text };
  return { reader: new CsvReader(delimiter), rest: text };
}

function chooseObjectReader(
  text: string,
  line: string,
  mode: ImportMode,
): { reader: Reader; rest: string } | undefined {
  const wrapped = envelope.exec(text);
  if (wrapped) {
    const isList = wrapped[1] === 'refresh_tokens';
    return { reader: new ElementReader('array', isList ? 'refresh' : mode), rest: text.slice(wrapped[0].length) };
  }
  if (isObject(parse(line))) return { reader: new LineReader(mode), rest: text };
  // An indented envelope shows itself within its first lines.
  if (text.length < 4_096 && !/\}\s*$/.test(text)) return undefined;
  return { reader: new ElementReader('sequence', mode), rest: text };
}

class ElementReader implements Reader {
  readonly #elements: JsonElements;
  readonly #form: 'array' | 'sequence';
  readonly #mode: ImportMode;

  constructor(form: 'array' | 'sequence', mode: ImportMode) {
    this.#form = form;
    this.#mode = mode;
    this.#elements = new JsonElements(form);
  }

  *feed(chunk: string): Generator<ImportRow | BadRow> {
    for (const element of this.#elements.feed(chunk)) yield rowOfElement(element, this.#mode);
  }

  *end(): Generator<ImportRow | BadRow> {
    if (this.#elements.isCutOff || (this.#form === 'array' && !this.#elements.isOver)) {
      yield { problem: 'The file ends before its closing bracket: it was cut off. Upload the whole file again.' };
    }
  }
}

/** One JSON object or one token per line. */
class LineReader implements Reader {
  readonly #mode: ImportMode;
  #line = '';
  #isTooLong = false;

  constructor(mode: ImportMode) {
    this.#mode = mode;
  }

  *feed(chunk: string): Generator<ImportRow | BadRow> {
    const lines = chunk.split(/\r\n|[\r\n]/);
    for (const [index, line] of lines.entries()) {
      if (index > 0) yield* this.end();
      if (this.#line.length + line.length > longestElement) this.#isTooLong = true;
      this.#line = this.#isTooLong ? '' : this.#line + line;
    }
  }

  *end(): Generator<ImportRow | BadRow> {
    const line = this.#line.trim();
    const isTooLong = this.#isTooLong;
    this.#line = '';
    this.#isTooLong = false;
    if (isTooLong) yield tooLong;
    else if (line.startsWith('{') || line.startsWith('"')) yield rowOfElement(line.replace(/,$/, ''), this.#mode);
    else if (line !== '' && !line.startsWith('#')) yield readImportRow({ ...rowOfToken(line, this.#mode) });
  }
}

class CsvReader implements Reader {
  readonly #records: CsvRecords;
  #header: string[] | undefined;

  constructor(delimiter: string) {
    this.#records = new CsvRecords(delimiter);
  }

  *feed(chunk: string): Generator<ImportRow | BadRow> {
    yield* this.#read(this.#records.feed(chunk));
  }

  *end(): Generator<ImportRow | BadRow> {
    yield* this.#read(this.#records.end());
  }

  *#read(records: Iterable<CsvRecord>): Generator<ImportRow | BadRow> {
    for (const fields of records) {
      if (!this.#header) this.#header = typeof fields === 'string' ? [] : fields;
      else if (fields === 'stray quote') yield { problem: `A field of the row goes over several lines. ${strayQuote}` };
      else if (fields === 'too long') yield { problem: `${tooLong.problem} ${strayQuote}` };
      else yield rowOfFields(this.#header, fields);
    }
  }
}

const tooLong: BadRow = { problem: `The row is longer than ${longestElement / 1024} KiB; no account needs so much.` };

const strayQuote =
  'If a quote is opened in it and never closed, close it: the rows behind it were taken for a part of this one.';

function rowOfFields(header: readonly string[], fields: readonly string[]): ImportRow | BadRow {
  if (fields.slice(header.length).some((field) => field.trim() !== '')) {
    return { problem: 'The row has more fields than the header: put a value that holds the separator in quotes.' };
  }
  return readImportRow(Object.fromEntries(header.map((name, index) => [name, fields[index]?.trim() ?? ''])));
}

function rowOfElement(element: ElementText, mode: ImportMode): ImportRow | BadRow {
  if (element === undefined) return tooLong;
  const value = parse(element);
  if (typeof value === 'string') return readImportRow({ ...rowOfToken(value.trim(), mode) });
  if (isObject(value)) return readImportRow(value);
  return { problem: 'The row is neither a JSON object nor a token in quotes: check brackets, quotes and commas.' };
}

/** That of a header which names a token; undefined where the line is none. */
function delimiterOf(line: string): string | undefined {
  const tokens = new Set<string | undefined>(['accessToken', 'sessionToken', 'refreshToken']);
  const isHeader = (delimiter: string) =>
    line.split(delimiter).some((name) => tokens.has(fieldOf(name.replace(/^\s*"|"\s*$/g, ''))));
  return [',', ';', '\t'].find((delimiter) => isHeader(delimiter));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
