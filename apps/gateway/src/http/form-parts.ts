/** The parts that a parser finds in a form, put together to an object; the first failure of any of them is the form's. */
import { isAscii } from 'node:buffer';
import { once } from 'node:events';
import type { BusboyFileStream, BusboyInstance, Dicer } from '@fastify/busboy';
import { AppError } from '@reelay/contracts/errors';
import { UploadedFile } from '@reelay/contracts/openai/videos';
import { StoredUpload } from '@reelay/contracts/request/stored-upload';
import { assignField, type FormObject } from './bracket-fields.js';
import { parseJson } from './parse-json.js';

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

/** Fields whose value is an object or a list; some clients write it as JSON. All others are text, whatever it looks like. */
const writtenAsJson = /^(?:input_reference|video|characters|expires_after|images?)(?:\[\d{0,2}\])?$/;

/** The parser must have `defCharset: 'latin1'`: its texts are bytes then, which are read here. */
export class FormParts {
  readonly #options: FormPartsOptions;
  readonly #parser: BusboyInstance;
  readonly #finished: Promise<unknown>;
  /** In the order in which they came: an upload is known only when it is over. */
  readonly #parts: { name: string | undefined; value: unknown }[] = [];
  readonly #files: FilePart[] = [];
  #failure: AppError | undefined;
  /** What the part that is being read says of its characters. */
  #charset = 'utf-8';
  /** What files have taken of the form so far. */
  passedOnBytes = 0;

  constructor(parser: BusboyInstance, options: FormPartsOptions) {
    this.#options = options;
    this.#parser = parser;
    this.#finished = once(parser, 'finish');
    this.#finished.catch(() => undefined);
    this.#watchCharsets();
    parser.on('field', (name, value, _nameTruncated, isTruncated) => this.#takeField(name, value, isTruncated));
    parser.on('file', (name: string | undefined, stream: BusboyFileStream, fileName: string | undefined) => {
      this.#takeFile(name, stream, fileName);
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

  /**
   * Busboy would decode by the charset itself, and put a mark in place of what it cannot read: it is taken out before it sees it. Its parser
   * of parts is not among its types; the tests notice when an update moves it.
   */
  #watchCharsets(): void {
    const { parser: parts } = (this.#parser as unknown as { _parser: { parser: Dicer } })._parser;
    parts.prependListener('part', (part: Dicer.PartStream) => {
      part.on('header', (header: { 'content-type'?: string[] }) => {
        const type = header['content-type']?.[0] ?? '';
        this.#charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1] ?? 'utf-8';
        if (type.includes(';')) header['content-type'] = [type.slice(0, type.indexOf(';')).trim()];
      });
    });
  }

  #takeField(name: string | undefined, value: string, isTruncated: boolean): void {
    if (isTruncated) {
      const message = `The form field "${name ?? ''}" is larger than ${this.#options.fieldBytes >> 20} MiB.`;
      this.#fail(tooLarge(message, name));
      return;
    }
    try {
      this.#parts.push({ name, value: readText(name ?? '', Buffer.from(value, 'latin1'), this.#charset) });
    } catch (error) {
      this.#fail(error instanceof AppError ? error : malformed('a text cannot be read'));
    }
  }

  #takeFile(name: string | undefined, stream: BusboyFileStream, fileName: string | undefined): void {
    // Said to whoever reads it; without a listener Node would take it for a failure of the process.
    stream.on('error', () => {});
    const part = { name, value: undefined as unknown };
    this.#parts.push(part);
    const kept = this.#options.keepFile(this.#passOn(name, stream)).then(
      (bytes) => {
        const file = new UploadedFile(fileName ?? 'upload', bytes);
        // What was left out is sent with no name, or with an empty one, and without a byte.
        const isUnchosen = !fileName && (bytes instanceof StoredUpload ? bytes.sizeBytes : bytes.length) === 0;
        part.value = isUnchosen ? '' : file;
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

/** @throws AppError `invalid_value`, `request_too_large` */
function readText(name: string, bytes: Buffer, charset: string): unknown {
  const text = decode(name, bytes, charset);
  if (!writtenAsJson.test(name) || !/^\s*[[{]/.test(text)) return text;
  try {
    return parseJson(Buffer.from(text));
  } catch (error) {
    if (error instanceof AppError && error.code === 'request_too_large') throw tooLarge(error.message, name);
    return text;
  }
}

function decode(name: string, bytes: Buffer, charset: string): string {
  const decoder = decoderOf(charset);
  if (decoder.encoding === 'utf-8' && isAscii(bytes)) return bytes.toString('latin1');
  try {
    return decoder.decode(bytes);
  } catch {
    const param = name.slice(0, 100);
    const message = `"${param}" is not ${decoder.encoding.toUpperCase()}: send it as UTF-8.`;
    throw new AppError('invalid_value', message, { param });
  }
}

/** One that nobody knows is most likely a mistaken name. */
function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return new TextDecoder('utf-8', { fatal: true });
  }
}

function notKept(error: unknown): AppError {
  return new AppError('service_unavailable', 'A file of the form could not be stored just now: send it again.', {
    cause: error,
  });
}
