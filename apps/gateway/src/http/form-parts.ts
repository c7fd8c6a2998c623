/** The parts that a parser finds in a form, put together to an object; the first failure of any of them is the form's. */
import { once } from 'node:events';
import type { BusboyFileStream, BusboyInstance } from '@fastify/busboy';
import { AppError } from '@reelay/contracts/errors';
import { UploadedFile } from '@reelay/contracts/openai/videos';
import type { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { assignField, type FormObject } from './bracket-fields.js';

export interface FormPartsOptions {
  fieldBytes: number;
  fileBytes: number;
  keepFile: (source: AsyncIterable<Uint8Array>) => Promise<StoredUpload | Uint8Array>;
}

interface FilePart {
  name: string | undefined;
  stream: BusboyFileStream;
  /** Undefined when it failed; then the form has failed too. */
  kept: Promise<UploadedFile | undefined>;
}

export class FormParts {
  readonly #options: FormPartsOptions;
  readonly #parser: BusboyInstance;
  readonly #finished: Promise<unknown>;
  /** In the order in which they came: an upload is known only when it is over. */
  readonly #parts: { name: string | undefined; value: unknown }[] = [];
  readonly #files: FilePart[] = [];
  #failure: AppError | undefined;
  /** What files have taken of the form so far. */
  passedOnBytes = 0;

  constructor(parser: BusboyInstance, options: FormPartsOptions) {
    this.#options = options;
    this.#parser = parser;
    this.#finished = once(parser, 'finish');
    this.#finished.catch(() => undefined);
    parser.on('field', (name, value, _nameTruncated, isTruncated) => this.#takeField(name, value, isTruncated));
    parser.on('file', (name: string | undefined, stream: BusboyFileStream, fileName: string | undefined) => {
      this.#takeFile(name, stream, fileName ?? 'upload');
    });
    for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
      parser.on(limit, () => this.#fail(tooLarge('The form has too many parts.')));
    }
    parser.on('error', (error) => this.#fail(malformed(error instanceof Error ? error.message : 'unknown reason')));
  }

  /** Name of the file that is being read. */
  get current(): string | undefined {
    return this.#files.find(({ stream }) => !stream.readableEnded)?.name;
  }

  async write(chunk: Buffer): Promise<void> {
    const isWanting = this.#parser.write(chunk);
    if (this.#failure) throw this.#failure;
    // Who keeps a file sets the pace.
    if (!isWanting) await once(this.#parser, 'drain').catch(() => undefined);
    if (this.#failure) throw this.#failure;
  }

  async end(): Promise<FormObject> {
    this.#parser.end();
    await this.#finished.catch((error: unknown) => {
      throw this.#failure ?? error;
    });
    await Promise.all(this.#files.map(({ kept }) => kept));
    if (this.#failure) throw this.#failure;
    return this.#assemble();
  }

  /** Nothing more comes: whoever keeps a file is told, and has stopped when this resolves. */
  async giveUp(reason: unknown): Promise<void> {
    const error = reason instanceof Error ? reason : new Error('The form was given up');
    for (const { stream } of this.#files) if (!stream.readableEnded) stream.destroy(error);
    await Promise.all(this.#files.map(({ kept }) => kept));
  }

  #takeField(name: string | undefined, value: unknown, isTruncated: boolean): void {
    if (isTruncated) {
      const message = `The form field "${name ?? ''}" is larger than ${this.#options.fieldBytes >> 20} MiB.`;
      this.#fail(tooLarge(message, name));
    } else this.#parts.push({ name, value });
  }

  #takeFile(name: string | undefined, stream: BusboyFileStream, fileName: string): void {
    // Said to whoever reads it; without a listener Node would take it for a failure of the process.
    stream.on('error', () => {});
    const part = { name, value: undefined as unknown };
    this.#parts.push(part);
    const kept = this.#options.keepFile(this.#passOn(name, stream)).then(
      (bytes) => {
        const file = new UploadedFile(fileName, bytes);
        part.value = file;
        return file;
      },
      (error: unknown) => {
        this.#fail(error instanceof AppError ? error : notKept(error));
        // The parser waits for as long as somebody holds a file back.
        stream.resume();
        return undefined;
      },
    );
    this.#files.push({ name, stream, kept });
  }

  async *#passOn(name: string | undefined, stream: BusboyFileStream): AsyncGenerator<Buffer> {
    const { fileBytes } = this.#options;
    let sizeBytes = 0;
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length;
        this.passedOnBytes += chunk.length;
        if (sizeBytes > fileBytes) throw tooLarge(`A file may have at most ${fileBytes >> 20} MiB.`, name);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof AppError ? error : malformed('it ended too early');
    }
  }

  #assemble(): FormObject {
    const form: FormObject = {};
    for (const { name, value } of this.#parts) {
      if (name === undefined || name === '') throw malformed('a part has no name');
      // Forms of pages and of workflows send what was left out as an empty text.
      if (value === '') continue;
      if (value instanceof UploadedFile && Object.hasOwn(form, name)) throw sentTwice(name);
      assignField(form, name, value);
    }
    return form;
  }

  #fail(error: AppError): void {
    this.#failure ??= error;
  }
}

export function malformed(reason: string): AppError {
  return new AppError('invalid_request', `The multipart form cannot be read: ${reason.replace(/\.$/, '')}.`);
}

export function tooLarge(message: string, param?: string): AppError {
  return new AppError('request_too_large', message, param === undefined ? {} : { param });
}

/** Which of two images was meant is not guessed, and none is dropped without a word. */
function sentTwice(name: string): AppError {
  return new AppError('invalid_value', `The form has "${name}" more than once: send one.`, { param: name });
}

function notKept(error: unknown): AppError {
  return new AppError('service_unavailable', 'A file of the form could not be stored just now: send it again.', {
    cause: error,
  });
}
