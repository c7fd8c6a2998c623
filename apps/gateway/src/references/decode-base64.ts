import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LongText } from '@reelay/contracts/request/long-text';

/** Characters of base64 that are decoded at once; between two such pieces others get their turn. */
const pieceLength = 1024 * 1024;
/** Never decoded before the end is known: padding belongs to the end and nowhere else. */
const heldBack = 4;

export interface Decoded {
  bytes: Buffer;
  /** Lower-case hex. */
  sha256: string;
}

/**
 * Strict base64 from `start` on, with white space and without padding allowed, in the ordinary or the URL-safe alphabet. Undefined for
 * anything else: Node's decoder passes over what it does not know, and the length of its result tells.
 */
export async function decodeBase64(text: string | LongText, start = 0): Promise<Decoded | undefined> {
  const length = text instanceof LongText ? text.bytes.byteLength : text.length;
  const bytes = Buffer.allocUnsafe(Math.ceil(((length - start) * 3) / 4));
  const hash = createHash('sha256');
  const escapes = new Unescaper();
  let sizeBytes = 0;
  let digits = '';
  for (let at = start; at < length || at === start; at += pieceLength) {
    const isLast = at + pieceLength >= length;
    const piece = readPiece(text, at, Math.min(length, at + pieceLength), escapes, isLast);
    if (piece === undefined) return undefined;
    digits += piece;
    const count = isLast ? digits.length : Math.max(0, digits.length - (digits.length % 4) - heldBack);
    const taken = digits.slice(0, count);
    const expected = isLast ? decodedLength(taken) : (count * 3) / 4;
    if (expected === undefined || bytes.write(taken, sizeBytes, 'base64') !== expected) return undefined;
    hash.update(bytes.subarray(sizeBytes, sizeBytes + expected));
    sizeBytes += expected;
    digits = digits.slice(count);
    if (!isLast) await nextTurn();
  }
  return { bytes: bytes.subarray(0, sizeBytes), sha256: hash.digest('hex') };
}

function readPiece(
  text: string | LongText,
  from: number,
  to: number,
  escapes: Unescaper,
  isLast: boolean,
): string | undefined {
  if (typeof text === 'string') return withoutSpace(text.slice(from, to));
  const { buffer, byteOffset } = text.bytes;
  const raw = Buffer.from(buffer, byteOffset + from, to - from).toString('latin1');
  const plain = escapes.next(raw, isLast);
  return plain === undefined ? undefined : withoutSpace(plain);
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '');
}

/** Of what valid digits decode to, with or without padding; undefined where no valid ones have this length. */
function decodedLength(digits: string): number | undefined {
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  const count = digits.length - padding;
  if (count % 4 === 1 || (padding > 0 && digits.length % 4 !== 0)) return undefined;
  return Math.floor((count * 3) / 4);
}

/** The content of a JSON string, piece by piece; many a client writes every `/` as `\/`. */
class Unescaper {
  #begun = '';

  /** Undefined when it is no valid content. */
  next(raw: string, isLast: boolean): string | undefined {
    if (this.#begun === '' && !raw.includes('\\')) return raw;
    const text = this.#begun + raw;
    // An escape may be cut in two by the end of the piece.
    this.#begun = isLast ? '' : (/(?<!\\)(?:\\\\)*(\\(?:u[\da-f]{0,3})?)$/i.exec(text.slice(-64))?.[1] ?? '');
    try {
      return JSON.parse(`"${text.slice(0, text.length - this.#begun.length)}"`) as string;
    } catch {
      return undefined;
    }
  }
}
