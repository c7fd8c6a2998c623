/** A request to the byte, sent over a socket of its own. */
import fc from 'fast-check';

/**
 * How the body is framed. `length` is honest; `longer` and `shorter` announce another length than is sent, and end the connection's
 * sending side; `chunked-badly` has a chunk whose length is no number; `both` announces a length and chunks.
 */
export const framings = ['length', 'chunked', 'longer', 'shorter', 'chunked-badly', 'both', 'none'] as const;
export type Framing = (typeof framings)[number];

export interface FuzzRequestParts {
  readonly method: string;
  /** As it stands in the first line. */
  readonly target: string;
  /** One byte per character. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | undefined;
  readonly framing: Framing;
}

export class FuzzRequest {
  constructor(readonly parts: FuzzRequestParts) {}

  /** Pieces to be written one after the other. */
  pieces(): Buffer[] {
    const { method, target, headers, body, framing } = this.parts;
    const lines = [
      ...headers.filter(([name]) => name.toLowerCase() !== 'content-length'),
      ...framingHeaders(body, framing),
    ];
    const head = [`${method} ${target} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(
      '\r\n',
    );
    // A target beyond Latin-1 goes out as UTF-8, as careless clients send it.
    const first = /^[\0-\u00ff]*$/.test(head) ? Buffer.from(head, 'latin1') : Buffer.from(head);
    return [first, ...(body === undefined ? [] : framed(Buffer.from(body), framing))];
  }

  /** Who sends less than announced says so by ending; otherwise the server would wait for the rest. */
  get endsSending(): boolean {
    const { framing, body } = this.parts;
    return body !== undefined && (framing === 'longer' || framing === 'chunked-badly' || framing === 'both');
  }

  /**
   * Behind its end comes what is no request: then the connection is cut, and with it the answer that was on its way. And where the client
   * asks for another protocol, Node does not tell an end before the announced one from the end of the connection.
   */
  get mayBeCutOff(): boolean {
    const { framing, body, headers } = this.parts;
    if (body === undefined) return false;
    const isUpgrade = headers.some(([name]) => name === 'upgrade');
    return framing === 'shorter' || framing === 'none' || (isUpgrade && framing === 'longer');
  }

  [fc.toStringMethod](): string {
    const { method, target, headers, body, framing } = this.parts;
    const shown = headers.filter(([name]) => name !== 'authorization').map((line) => shorten(line.join(': '), 120));
    const text =
      body === undefined
        ? 'no body'
        : `${body.length} bytes (${framing}) ${shorten(Buffer.from(body).toString('latin1'), 600)}`;
    return `${method} ${shorten(target, 300)} ${JSON.stringify(shown)} ${text}`;
  }
}

function framingHeaders(body: Uint8Array | undefined, framing: Framing): [string, string][] {
  if (body === undefined) return [];
  const length = (bytes: number): [string, string] => ['content-length', String(Math.max(0, bytes))];
  switch (framing) {
    case 'length':
      return [length(body.length)];
    case 'longer':
      return [length(body.length + 10)];
    case 'shorter':
      return [length(body.length - 5)];
    case 'both':
      return [length(body.length), ['transfer-encoding', 'chunked']];
    case 'none':
      return [];
    default:
      return [['transfer-encoding', 'chunked']];
  }
}

function framed(body: Buffer, framing: Framing): Buffer[] {
  if (framing === 'length' || framing === 'longer' || framing === 'shorter' || framing === 'none') return [body];
  const half = body.length >> 1;
  const chunks = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const written = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)};a=b\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return framing === 'chunked-badly'
    ? [...written, Buffer.from('zz\r\nxx\r\n')]
    : [...written, Buffer.from('0\r\nx-trailer: 1\r\n\r\n')];
}

function shorten(text: string, longest: number): string {
  return JSON.stringify(text.length > longest ? `${text.slice(0, longest)}… (${text.length})` : text);
}
