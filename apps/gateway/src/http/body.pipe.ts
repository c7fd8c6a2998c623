import { IncomingMessage } from 'node:http';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { AppError } from '@reelay/contracts/errors';
import { z } from 'zod';
import { type BodyLimits, largeBodyBytes, smallBodyBytes } from './body-limits.js';
import { checkBody } from './check-body.js';
import { FormPlaces } from './form-places.js';
import type { MemoryBudget } from './memory-budget.js';
import { readJson } from './read-json.js';
import { readMultipart } from './read-multipart.js';
import type { RequestTurns } from './request-turns.js';
import type { Uploads } from './uploads.js';

/** A video of a form. */
const mostFileBytes = 200 * 1024 * 1024;
/** A form with its files. */
const mostFormBytes = 256 * 1024 * 1024;
/** Large forms that are read at once. */
const formPlaces = { most: 16, mostOfKey: 4, patienceMs: 30_000 };

/** What bodies of a schema may be beside JSON of at most 1 MiB. */
export const bodyForms = z.registry<{
  /** Also multipart/form-data. */
  multipart?: true;
  /** May carry images and videos. */
  media?: true;
  /** May be missing altogether, which is an empty object. */
  optional?: true;
}>();

/**
 * Makes `@Body({ schema })` what the schema promises, and lets no id through that could not even be looked for. It reads the request
 * itself, so that nothing of a body is read before the guard has let the client in.
 */
export class BodyPipe implements PipeTransform {
  readonly #forms = new FormPlaces(formPlaces);

  constructor(private readonly parts: { budget: MemoryBudget; uploads: Uploads; turns: RequestTurns }) {}

  async transform(value: unknown, { type, schema }: ArgumentMetadata): Promise<unknown> {
    if (type === 'param') refuseNul(value);
    if (type !== 'body') return value;
    if (!(schema instanceof z.ZodType)) throw new Error('A route reads its body without a schema');
    const { multipart = false, media = false, optional = false } = bodyForms.get(schema) ?? {};
    if (!(value instanceof IncomingMessage)) {
      if (optional) return checkBody(schema, {});
      throw new AppError('invalid_json', 'The body is empty; send a JSON object.');
    }
    const limits = { mostBytes: media ? largeBodyBytes : smallBodyBytes, budget: this.parts.budget };
    const body = await this.parts.turns.read(value, () => this.#read(value, multipart, limits));
    return checkBody(schema, body);
  }

  /** @throws AppError `unsupported_media_type` and those of the readers */
  #read(request: IncomingMessage, takesMultipart: boolean, limits: BodyLimits): Promise<unknown> {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (encoding.toLowerCase() !== 'identity')
      throw unsupported(`Content-Encoding "${encoding.slice(0, 40)}" is not read; send the body plain.`);
    if (/^application\/(json|[\w.-]+\+json)$/.test(mediaType)) return readJson(request, limits);
    if (mediaType === 'multipart/form-data' && takesMultipart) return this.#readForm(request, limits);
    const wanted = takesMultipart ? 'application/json or multipart/form-data' : 'application/json';
    throw unsupported(
      `Send the body as ${wanted}, not as ${mediaType === '' ? 'an unnamed type' : `"${mediaType.slice(0, 100)}"`}.`,
    );
  }

  async #readForm(request: IncomingMessage, { mostBytes, budget }: BodyLimits): Promise<unknown> {
    const takesMedia = mostBytes > smallBodyBytes;
    const announcedBytes = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    // Slow senders of large files must not keep those waiting who only send a prompt in the form of their SDK.
    const place = announcedBytes > smallBodyBytes ? await this.#forms.take(request) : undefined;
    try {
      return await readMultipart(request, {
        budget,
        hasPlace: place !== undefined,
        mostBytes: takesMedia ? mostFormBytes : mostBytes,
        mostTextBytes: mostBytes,
        mostFileBytes: takesMedia ? mostFileBytes : mostBytes,
        keepFile: (of, source) => this.parts.uploads.store(of, source),
      });
    } finally {
      place?.release();
    }
  }
}

/** No id has one, and a database fails over it. */
function refuseNul(id: unknown): void {
  if (typeof id !== 'string' || !id.includes('\0')) return;
  throw new AppError('not_found', 'The path contains a NUL, which no id does.', { param: 'id' });
}

function unsupported(message: string): AppError {
  return new AppError('unsupported_media_type', message);
}
