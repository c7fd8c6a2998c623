/** The beginning of a stream, seen before anybody decides where the stream goes. */
import { sniffLength } from '@reelay/platform/sniff-media';

export interface Peeked {
  /** Enough to tell what it is; less where the stream is shorter. */
  start: Buffer;
  /** From the first byte on. Must be read to the end or broken off. */
  whole: AsyncIterable<Uint8Array>;
}

export async function peek(body: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const rest = body[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < sniffLength) {
    const next = await rest.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  return { start, whole: joined(start, rest) };
}

async function* joined(start: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    // Where the reader stops early, what it reads from must stop too.
    await rest.return?.();
  }
}
