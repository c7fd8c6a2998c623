/** Cuts the elements out of a JSON array, or out of objects that follow each other, while the text is still coming in. */

/** A row has a handful of tokens; what is longer is not one, and must not fill the memory. */
export const longestElement = 128 * 1024;

/** An element's text; undefined stands for one that was too long. */
export type ElementText = string | undefined;

const open = /[[{]/;
const close = /[\]}]/;

/** Feed it chunks; it hands out what is complete. Separators and what lies between elements are not checked. */
export class JsonElements {
  /** Brackets around what is read; elements of an array lie one deeper than those of a sequence. */
  #depth: number;
  readonly #base: number;
  #element = '';
  #isInElement = false;
  #isTooLong = false;
  #isInString = false;
  #isEscaped = false;
  #isOver = false;

  /** `array` begins behind the `[` of the array. */
  constructor(form: 'array' | 'sequence') {
    this.#base = form === 'array' ? 1 : 0;
    this.#depth = this.#base;
  }

  /** Whether the array was closed: what comes behind it is not part of it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  *feed(chunk: string): Generator<ElementText> {
    let from = 0;
    for (let at = 0; at < chunk.length && !this.#isOver; at += 1) {
      const character = chunk[at] ?? '';
      if (!this.#isInElement) {
        if (!this.#begins(character)) continue;
        this.#isInElement = true;
        from = at;
      }
      if (!this.#ends(character)) continue;
      // A bare number or word ends at the separator, which is no part of it.
      const isSeparator = character === ',' || (close.test(character) && this.#depth < this.#base);
      yield this.#take(chunk.slice(from, isSeparator ? at : at + 1));
      if (this.#depth < this.#base) this.#isOver = true;
    }
    if (this.#isInElement) this.#keep(chunk.slice(from));
  }

  /** True when the text ended in the middle of an element. */
  get isCutOff(): boolean {
    return this.#isInElement;
  }

  #begins(character: string): boolean {
    if (close.test(character)) {
      this.#isOver = true;
      return false;
    }
    return character !== ',' && !/\s/.test(character);
  }

  /** Takes note of one character of an element; true when it is the last one, or the separator behind it. */
  #ends(character: string): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === '\\') this.#isEscaped = true;
      else if (character === '"') {
        this.#isInString = false;
        return this.#depth === this.#base;
      }
      return false;
    }
    if (character === '"') this.#isInString = true;
    else if (open.test(character)) this.#depth += 1;
    else if (close.test(character)) {
      this.#depth -= 1;
      return this.#depth <= this.#base;
    }
    return character === ',' && this.#depth === this.#base;
  }

  #keep(text: string): void {
    if (this.#element.length + text.length > longestElement) this.#isTooLong = true;
    this.#element = this.#isTooLong ? '' : this.#element + text;
  }

  #take(text: string): ElementText {
    this.#keep(text);
    const element = this.#isTooLong ? undefined : this.#element;
    this.#element = '';
    this.#isInElement = false;
    this.#isTooLong = false;
    return element;
  }
}
