/** Reading of a JSON body with a limit on its size; the text must be UTF-8, as JSON is. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '@reelay/contracts/errors';

export const jsonSizeBytes = 1024 * 1024;

/** @throws AppError `request_too_large`, `invalid_json`, `invalid_request` */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > jsonSizeBytes) throw tooLarge();
  const bytes = await readAll(request);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    // V8 quotes the body in its message, and V8 says "Unexpected end" for an empty one: say it in our words.
    const place = /at position \d+|line \d+ column \d+/.exec(error instanceof Error ? error.message : '')?.[0];
    throw new AppError(
      'invalid_json',
      bytes.length === 0
        ? 'The body is empty; send a JSON object.'
        : `The body is not valid JSON${place ? ` (${place})` : ''}: check quotes, commas and that it is UTF-8.`,
    );
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    // The request must outlive a refusal, or the client would see a cut connection instead of the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > jsonSizeBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    request.resume();
    if (error instanceof AppError) throw error;
    throw new AppError('invalid_request', 'The connection broke while the body was read.', { cause: error });
  }
  return Buffer.concat(chunks);
}

function tooLarge(): AppError {
  return new AppError('request_too_large', `A JSON body may have at most ${jsonSizeBytes >> 20} MiB.`);
}
