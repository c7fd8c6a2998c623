/** Reading of multipart/form-data as it streams in. Every limit that is passed is an error, never a silently shorter value. */
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '@reelay/contracts/errors';
import { assignField, type FormObject } from './bracket-fields.js';

/**
 * No model takes a reference yet, so a form is text only and needs no more room than JSON. When one does: OpenAI's schema allows a
 * data URI of 20 971 520 characters in one field.
 */
const fieldSizeBytes = 1024 * 1024;
const bodySizeBytes = 2 * 1024 * 1024;
const limits = { fieldNameSize: 200, fieldSize: fieldSizeBytes, fields: 64, files: 16, parts: 80, headerPairs: 20 };

/** What stands in the form for a file part; its bytes are read past. */
export class UploadedFile {
  constructor(readonly fileName: string) {}
}

/** @throws AppError `request_too_large`, `invalid_request` */
export function readMultipart(request: IncomingMessage): Promise<FormObject> {
  return new Promise((resolve, reject) => {
    const form: FormObject = {};
    let sizeBytes = 0;
    let fileField: string | undefined;
    const parser = createParser(request);

    const settle = (outcome: () => void) => {
      request.off('data', count);
      request.off('error', cut);
      request.off('aborted', cut);
      request.unpipe(parser);
      // What is left is read and dropped, so that the client gets to reading the answer.
      request.resume();
      outcome();
    };
    const fail = (error: AppError) => settle(() => reject(error));
    const cut = () => fail(malformed('it ended too early'));
    const count = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > bodySizeBytes) fail(tooLarge(`The form is larger than ${bodySizeBytes >> 20} MiB.`, fileField));
    };
    const take = (name: string | undefined, value: unknown) => {
      if (name === undefined || name === '') return fail(malformed('a part has no name'));
      try {
        assignField(form, name, value);
      } catch (error) {
        settle(() => reject(error));
      }
    };

    parser.on('field', (name, value, _nameTruncated, isTruncated) => {
      if (isTruncated) fail(tooLarge(`The form field "${name}" is larger than ${fieldSizeBytes >> 20} MiB.`, name));
      else take(name, value);
    });
    parser.on('file', (name: string | undefined, stream: BusboyFileStream, fileName: string | undefined) => {
      stream.on('error', cut).resume();
      fileField = name;
      take(name, new UploadedFile(fileName ?? 'upload'));
    });
    for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
      parser.on(limit, () => fail(tooLarge('The form has too many parts.')));
    }
    parser.on('error', (error) => fail(malformed(error instanceof Error ? error.message : 'unknown reason')));
    parser.on('finish', () => settle(() => resolve(form)));
    request.on('data', count).on('error', cut).on('aborted', cut).pipe(parser);
  });
}

function createParser(request: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
      limits,
    });
  } catch {
    throw malformed('its content type names no boundary');
  }
}

function malformed(reason: string): AppError {
  return new AppError('invalid_request', `The multipart form cannot be read: ${reason.replace(/\.$/, '')}.`);
}

function tooLarge(message: string, param?: string): AppError {
  return new AppError('request_too_large', message, param === undefined ? {} : { param });
}
