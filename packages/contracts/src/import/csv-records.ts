/** Reads CSV (RFC 4180, any line end, comma, semicolon or tab) while the text is still coming in. */
import { longestElement } from './json-elements.js';

/** A row's fields. `stray quote`: several lines went into one field because a quote was not closed where it should have been. */
export type CsvRecord = string[] | 'too long' | 'stray quote';

/** Behind the first line of a field it came from the row behind. */
const looksLikeToken = /[\w.-]{30}/;

export class CsvRecords {
  readonly #delimiter: string;
  #fields: string[] = [];
  #field = '';
  #length = 0;
  #quote: 'none' | 'inside' | 'closed' = 'none';
  #hasTextBehindQuote = false;
  #isCutOff = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  *feed(chunk: string): Generator<CsvRecord> {
    for (const character of chunk) {
      this.#length += 1;
      if (this.#quote === 'inside') {
        if (character === '"') this.#quote = 'closed';
        else this.#add(character);
      } else if (character === '"' && (this.#quote === 'closed' || this.#field.trim() === '')) {
        // A second quote directly behind the closing one is a quote of the text.
        if (this.#quote === 'closed') this.#add('"');
        else this.#field = '';
        this.#quote = 'inside';
      } else if (character === this.#delimiter) this.#endField();
      // The second half of a CR LF ends an empty line, and those are left out.
      else if (character === '\n' || character === '\r') yield* this.#endRecord();
      else {
        // Text behind a closing quote is text, and so are the quotes in it.
        if (this.#quote === 'closed' && character.trim() !== '') {
          this.#quote = 'none';
          this.#hasTextBehindQuote = true;
        }
        this.#add(character);
      }
    }
  }

  /** The last line may lack its end. */
  *end(): Generator<CsvRecord> {
    this.#isCutOff = this.#quote === 'inside';
    yield* this.#endRecord();
  }

  #add(character: string): void {
    if (this.#length <= longestElement) this.#field += character;
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#quote = 'none';
  }

  *#endRecord(): Generator<CsvRecord> {
    this.#endField();
    const fields = this.#fields;
    const isTooLong = this.#length > longestElement;
    this.#fields = [];
    this.#length = 0;
    const hasTextBehindQuote = this.#hasTextBehindQuote;
    this.#hasTextBehindQuote = false;
    const isStray = (field: string) => {
      const lineEnd = field.search(/[\r\n]/);
      return lineEnd >= 0 && (hasTextBehindQuote || looksLikeToken.test(field.slice(lineEnd)));
    };
    if (isTooLong) yield 'too long';
    else if (this.#isCutOff || fields.some(isStray)) yield 'stray quote';
    else if (fields.some((field) => field.trim() !== '')) yield fields;
  }
}
