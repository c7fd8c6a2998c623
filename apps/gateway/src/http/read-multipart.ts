/** Reading of multipart/form-data as it streams in. Every limit that is passed is an error, never a silently shorter value. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '@reelay/contracts/errors';
import { UploadedFile } from '@reelay/contracts/openai/videos';
import { type BodyLimits, readChunks } from './body-limits.js';
import { assignField, type FormObject } from './bracket-fields.js';

/** Room for an image of 20 MiB as a data URI. */
const mostFieldBytes = 28 * 1024 * 1024;
const limits = { fieldNameSize: 200, fields: 64, files: 16, parts: 80, headerPairs: 20 };

/** @throws AppError `request_too_large`, `invalid_request`, `service_unavailable` */
export async function readMultipart(request: IncomingMessage, bodyLimits: BodyLimits): Promise<FormObject> {
  const fieldSize = Math.min(mostFieldBytes, bodyLimits.mostBytes);
  const form = new FormParts(createParser(request, fieldSize), fieldSize);
  try {
    for await (const chunk of readChunks(request, bodyLimits)) await form.write(chunk);
    return await form.end();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'request_too_large' || error.param !== undefined) throw error;
    // What was being read when the limit was reached is what made the form too large.
    throw form.current === undefined ? error : tooLarge(error.message, form.current);
  }
}

function createParser(request: IncomingMessage, fieldSize: number): BusboyInstance {
  const headers = { ...request.headers, 'content-type': request.headers['content-type'] ?? '' };
  try {
    return new Busboy({ headers, limits: { ...limits, fieldSize } });
  } catch {
    throw malformed('its content type names no boundary');
  }
}

/** Puts the parts that a parser finds together to an object; the first failure of any of them is the form's. */
class FormParts {
  readonly #form: FormObject = {};
  readonly #parser: BusboyInstance;
  readonly #finished: Promise<unknown>;
  #failure: AppError | undefined;
  /** Name of the file that is being read. */
  current: string | undefined;

  constructor(parser: BusboyInstance, fieldSize: number) {
    this.#parser = parser;
    this.#finished = once(parser, 'finish');
    this.#finished.catch(() => undefined);
    parser.on('field', (name, value, _nameTruncated, isTruncated) => {
      if (isTruncated) this.#fail(tooLarge(`The form field "${name}" is larger than ${fieldSize >> 20} MiB.`, name));
      else this.#take(name, value);
    });
    parser.on('file', (name: string | undefined, stream: BusboyFileStream, fileName: string | undefined) => {
      const chunks: Buffer[] = [];
      this.current = name;
      stream.on('error', () => this.#fail(malformed('it ended too early')));
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        this.current = undefined;
        const file = new UploadedFile(fileName ?? 'upload', Buffer.concat(chunks.splice(0)));
        if (name !== undefined && Object.hasOwn(this.#form, name)) this.#fail(sentTwice(name));
        else this.#take(name, file);
      });
    });
    for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
      parser.on(limit, () => this.#fail(tooLarge('The form has too many parts.')));
    }
    parser.on('error', (error) => this.#fail(malformed(error instanceof Error ? error.message : 'unknown reason')));
  }

  async write(chunk: Buffer): Promise<void> {
    const isWanting = this.#parser.write(chunk);
    if (this.#failure) throw this.#failure;
    if (!isWanting) await once(this.#parser, 'drain').catch(() => undefined);
    if (this.#failure) throw this.#failure;
  }

  async end(): Promise<FormObject> {
    this.#parser.end();
    await this.#finished.catch((error: unknown) => {
      throw this.#failure ?? error;
    });
    if (this.#failure) throw this.#failure;
    return this.#form;
  }

  #take(name: string | undefined, value: unknown): void {
    try {
      if (name === undefined || name === '') throw malformed('a part has no name');
      assignField(this.#form, name, value);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#fail(error);
    }
  }

  #fail(error: AppError): void {
    this.#failure ??= error;
  }
}

function malformed(reason: string): AppError {
  return new AppError('invalid_request', `The multipart form cannot be read: ${reason.replace(/\.$/, '')}.`);
}

/** Which of two images was meant is not guessed, and none is dropped without a word. */
function sentTwice(name: string): AppError {
  return new AppError('invalid_value', `The form has "${name}" more than once: send one.`, { param: name });
}

function tooLarge(message: string, param?: string): AppError {
  return new AppError('request_too_large', message, param === undefined ? {} : { param });
}
