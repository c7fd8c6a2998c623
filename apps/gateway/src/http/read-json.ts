/** Reading of a JSON body with a limit on its size. */
import type { IncomingMessage } from 'node:http';
import { type BodyLimits, readChunks } from './body-limits.js';
import { parseJson } from './parse-json.js';

/** @throws AppError `request_too_large`, `invalid_json`, `invalid_request`, `service_unavailable` */
export async function readJson(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  return parseJson(await readWhole(request, limits));
}

/** With tens of megabytes every copy counts: where the length is known, there is one. */
async function readWhole(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  const chunks: Buffer[] = [];
  let whole: Buffer | undefined;
  let sizeBytes = 0;
  for await (const chunk of readChunks(request, limits)) {
    // Not before it is clear that there is room for it.
    if (announcedBytes > 0) whole ??= Buffer.allocUnsafe(announcedBytes);
    if (whole) chunk.copy(whole, sizeBytes);
    else chunks.push(chunk);
    sizeBytes += chunk.length;
  }
  return whole ? whole.subarray(0, sizeBytes) : Buffer.concat(chunks.splice(0));
}
