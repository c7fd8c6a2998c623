/** Every way in which a secret may stand in a text, so that a search for it does not miss one that was encoded on its way. */

export interface Finding {
  /** As it was named. */
  secret: string;
  form: string;
  /** What stands around it. */
  around: string;
}

/** What must not be found, by the names that a failure shows. */
export class SecretForms {
  readonly #needles: { secret: string; form: string; needle: string }[] = [];

  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [secret, value] of Object.entries(secrets)) {
      for (const [form, needle] of formsOf(value)) this.#needles.push({ secret, form, needle });
    }
  }

  /** For programs that search files. */
  get needles(): string[] {
    return [...new Set(this.#needles.map(({ needle }) => needle))];
  }

  findIn(text: string): Finding[] {
    return this.#needles.flatMap(({ secret, form, needle }) => {
      const at = text.indexOf(needle);
      return at < 0 ? [] : [{ secret, form, around: text.slice(Math.max(0, at - 120), at + needle.length + 40) }];
    });
  }
}

/** A text that was cut off, or broken over two fields, still holds a piece of this length. */
const pieceLength = 20;
const mostPieces = 40;

function formsOf(secret: string): [form: string, needle: string][] {
  const reversed = [...secret].reverse().join('');
  const encoded: [string, string][] = [
    ...piecesOf(secret).map((piece): [string, string] => ['plain', piece]),
    ['reversed', reversed],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ['URL-encoded', encodeURIComponent(secret)],
    ['hex', Buffer.from(secret).toString('hex')],
    ['HEX', Buffer.from(secret).toString('hex').toUpperCase()],
  ];
  for (const encoding of ['base64', 'base64url'] as const) {
    // What stands before it moves it against the groups of three bytes; the characters at the edges depend on the neighbours.
    for (const shift of [0, 1, 2]) {
      const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString(encoding);
      encoded.push([encoding, text.replace(/=+$/, '').slice(shift === 0 ? 0 : shift + 1, -1)]);
    }
  }
  return encoded;
}

function piecesOf(secret: string): string[] {
  if (secret.length <= pieceLength) return [secret];
  const count = Math.min(mostPieces, Math.floor(secret.length / pieceLength));
  const step = (secret.length - pieceLength) / Math.max(1, count - 1);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.round(index * step);
    return secret.slice(from, from + pieceLength);
  });
}
