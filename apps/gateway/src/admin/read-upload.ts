/** A file of accounts as it comes in: passed on at once, never held here, whatever its size. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '@reelay/contracts/errors';

export const largestUploadBytes = 200 * 1024 * 1024;

/** @throws AppError `request_too_large`, `invalid_request`, `unsupported_media_type` */
export async function* readUpload(request: IncomingMessage): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  try {
    if (/^multipart\//i.test(request.headers['content-type'] ?? '')) {
      throw new AppError(
        'unsupported_media_type',
        'Send the file itself as the body (curl --data-binary @file), not a form.',
      );
    }
    if (Number(request.headers['content-length'] ?? 0) > largestUploadBytes) throw tooLarge();
    // The request must outlive a refusal, or the client would see a cut connection instead of the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > largestUploadBytes) throw tooLarge();
      yield chunk;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_request', 'The connection broke while the file was read.', { cause: error });
  } finally {
    request.resume();
  }
}

function tooLarge(): AppError {
  return new AppError(
    'request_too_large',
    `An import may have at most ${largestUploadBytes >> 20} MiB; split the file.`,
  );
}
