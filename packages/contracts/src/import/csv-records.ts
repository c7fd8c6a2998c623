/** Reads CSV (RFC 4180, any line end, comma, semicolon or tab) while the text is still coming in. */
import { longestElement } from './json-elements.js';

/** A row's fields; undefined stands for a row that was too long. */
export type CsvRecord = string[] | undefined;

export class CsvRecords {
  readonly #delimiter: string;
  #fields: string[] = [];
  #field = '';
  #length = 0;
  #quote: 'none' | 'inside' | 'closed' = 'none';

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
      else if (character === '\n') yield* this.#endRecord();
      else if (character !== '\r') this.#add(character);
    }
  }

  /** The last line may lack its end. */
  *end(): Generator<CsvRecord> {
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
    if (isTooLong) yield undefined;
    else if (fields.some((field) => field.trim() !== '')) yield fields;
  }
}
