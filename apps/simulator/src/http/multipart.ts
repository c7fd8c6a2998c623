import { Busboy } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { UpstreamError } from './upstream-error.js';

export interface FilePart {
  readonly fileName: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** A form as it came in, every part once. */
export class MultipartForm {
  readonly fields: Record<string, string> = {};
  readonly files: Record<string, FilePart> = {};

  /** Notes a part; false if there was one of this name before. */
  add(name: string, part: string | FilePart): boolean {
    if (Object.hasOwn(this.fields, name) || Object.hasOwn(this.files, name)) return false;
    if (typeof part === 'string') this.fields[name] = part;
    else this.files[name] = part;
    return true;
  }
}

/** Lets routes take forms; how large they may be is each route's `bodyLimit`. */
export function acceptMultipart(server: FastifyInstance): void {
  server.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      return parseForm(request.headers['content-type'] ?? '', body);
    },
  );
}

/** The form of a request that must have exactly one file, named `file`, and these text parts. */
export function strictForm<Field extends string>(
  body: unknown,
  fieldNames: readonly Field[],
): { file: FilePart; fields: Record<Field, string> } {
  if (!(body instanceof MultipartForm)) {
    throw new UpstreamError(400, 'invalid_value', 'Invalid value for "body": must be multipart/form-data');
  }
  const known: readonly string[] = [...fieldNames, 'file'];
  const unknown = [...Object.keys(body.fields), ...Object.keys(body.files)].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UpstreamError(400, 'unknown_parameter', `Unknown parameter: "${unknown}"`, unknown);
  }
  const { file } = body.files;
  if (file === undefined) throw body.fields.file === undefined ? missing('file') : wrong('file', 'must be a file');
  for (const name of fieldNames) {
    if (body.files[name] !== undefined) throw wrong(name, 'must be text, without a file name');
    if (body.fields[name] === undefined) throw missing(name);
  }
  return { file, fields: body.fields as Record<Field, string> };
}

function parseForm(contentType: string, body: Buffer): Promise<MultipartForm> {
  return new Promise((resolve, reject) => {
    const form = new MultipartForm();
    const add = (name: string, part: string | FilePart) => {
      if (!form.add(name, part)) reject(wrong(name, 'is there twice'));
    };
    const unreadable = (error: unknown) =>
      reject(wrong('body', `cannot be read as a form (${(error as Error).message})`));
    const parser = createParser(contentType);
    parser.on('field', (name, value) => add(name, value));
    parser.on('file', (name: string, stream, fileName: string | undefined, _encoding, type) => {
      const chunks: Buffer[] = [];
      stream.on('error', unreadable);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        add(name, { fileName: fileName ?? '', contentType: type, content: Buffer.concat(chunks) });
      });
    });
    parser.on('error', unreadable);
    parser.on('finish', () => resolve(form));
    parser.end(body);
  });
}

function createParser(contentType: string) {
  try {
    return new Busboy({ headers: { 'content-type': contentType } });
  } catch {
    throw wrong('body', 'the content type names no boundary');
  }
}

function missing(name: string): UpstreamError {
  return new UpstreamError(400, 'missing_parameter', `Missing required parameter: "${name}"`, name);
}

function wrong(name: string, message: string): UpstreamError {
  return new UpstreamError(400, 'invalid_value', `Invalid value for "${name}": ${message}`, name);
}
