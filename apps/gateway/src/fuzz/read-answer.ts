/** An HTTP/1.1 answer out of the bytes of a connection. Pure. */

export interface RawAnswer {
  readonly status: number;
  /** By lower-case name; the last of several. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Undefined while it is not whole. @throws Error where it is none at all */
export function readAnswer(bytes: Buffer, request: { method: string; isOver: boolean }): RawAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  if (!(status >= 100)) throw new Error(`This is no HTTP answer: ${first.slice(0, 100)}`);
  const rest = bytes.subarray(headEnd + 4);
  // "Continue" comes before the answer.
  if (status < 200) return readAnswer(rest, request);
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = bodyOf(rest, headers, { ...request, status });
  return body && { status, headers, body };
}

interface Framing {
  method: string;
  status: number;
  isOver: boolean;
}

function bodyOf(
  rest: Buffer,
  headers: Record<string, string>,
  { method, status, isOver }: Framing,
): Buffer | undefined {
  if (method === 'HEAD' || status === 204 || status === 304) return Buffer.alloc(0);
  if (headers['transfer-encoding'] === 'chunked') return unchunked(rest);
  const length = headers['content-length'];
  if (length === undefined) return isOver ? rest : undefined;
  return rest.length >= Number(length) ? rest.subarray(0, Number(length)) : undefined;
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(length)) throw new Error('The chunks of the answer cannot be read');
    if (length === 0) return bytes.length >= lineEnd + 4 ? Buffer.concat(pieces) : undefined;
    const start = lineEnd + 2;
    if (bytes.length < start + length + 2) return undefined;
    pieces.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}
