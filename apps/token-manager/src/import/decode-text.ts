/** The text of an upload as it comes in: UTF-8, or UTF-16 where a mark at the beginning says so, as some spreadsheets write it. */
import { AppError } from '@reelay/contracts/errors';

export const largestUploadBytes = 200 * 1024 * 1024;

/** @throws AppError `request_too_large`, `invalid_request` where the connection broke */
export async function* decodeText(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let sizeBytes = 0;
  let head: Uint8Array = new Uint8Array(0);
  for await (const chunk of whole(body)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > largestUploadBytes) {
      throw new AppError(
        'request_too_large',
        `An import may have at most ${largestUploadBytes >> 20} MiB; split the file.`,
      );
    }
    if (decoder) {
      yield decoder.decode(chunk, { stream: true });
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.byteLength < 2) continue;
    decoder = new TextDecoder(encodingOf(head));
    yield decoder.decode(head, { stream: true });
  }
  yield decoder ? decoder.decode() : new TextDecoder().decode(head);
}

async function* whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw new AppError('invalid_request', 'The upload broke off, and nothing was done. Upload the whole file again.', {
      cause: error,
    });
  }
}

function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
}
