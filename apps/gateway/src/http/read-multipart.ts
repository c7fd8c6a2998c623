/**
 * Reading of multipart/form-data as it streams in: texts are collected, files are passed on. Every limit that is passed is an error, never
 * a silently shorter value.
 */
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '@reelay/contracts/errors';
import type { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { type BodyLimits, readChunks } from './body-limits.js';
import type { FormObject } from './bracket-fields.js';
import { FormParts, malformed, tooLarge } from './form-parts.js';

export interface MultipartLimits extends BodyLimits {
  /** Of all texts together. */
  mostTextBytes: number;
  mostFileBytes: number;
  /** Takes a file to where it is kept; until it has, the rest of the form waits. */
  keepFile: (request: IncomingMessage, source: AsyncIterable<Uint8Array>) => Promise<StoredUpload | Uint8Array>;
}

/** Room for an image of 20 MiB as a data URI. */
const mostFieldBytes = 28 * 1024 * 1024;
const partLimits = { fieldNameSize: 200, fields: 64, files: 16, parts: 80, headerPairs: 20 };

/** @throws AppError `request_too_large`, `invalid_request`, `service_unavailable` */
export async function readMultipart(request: IncomingMessage, limits: MultipartLimits): Promise<FormObject> {
  const { mostTextBytes, mostFileBytes, keepFile } = limits;
  const fieldSize = Math.min(mostFieldBytes, mostTextBytes);
  const form = new FormParts(createParser(request, fieldSize), {
    ...{ fieldBytes: fieldSize, fileBytes: mostFileBytes },
    keepFile: (source) => keepFile(request, source),
  });
  let sizeBytes = 0;
  const held = { sizeBytes: () => sizeBytes - form.passedOnBytes, mostBytes: mostTextBytes };
  try {
    for await (const chunk of readChunks(request, { ...limits, held })) {
      sizeBytes += chunk.length;
      await form.write(chunk);
      if (held.sizeBytes() > mostTextBytes) {
        throw tooLarge(
          `The texts of a form may have at most ${mebibytes(mostTextBytes)} together: send media as files.`,
        );
      }
    }
    return await form.end();
  } catch (error) {
    const { current } = form;
    await form.giveUp(error);
    if (!(error instanceof AppError) || error.code !== 'request_too_large' || error.param !== undefined) throw error;
    // What was being read when the limit was reached is what made the form too large.
    throw current === undefined ? error : tooLarge(error.message, current);
  }
}

function createParser(request: IncomingMessage, fieldSize: number): BusboyInstance {
  const headers = { ...request.headers, 'content-type': request.headers['content-type'] ?? '' };
  try {
    return new Busboy({ headers, defCharset: 'latin1', limits: { ...partLimits, fieldSize } });
  } catch {
    throw malformed('its content type names no boundary');
  }
}

function mebibytes(bytes: number): string {
  return `${bytes >> 20} MiB`;
}
