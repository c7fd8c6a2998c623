/** Forms as clients write them, and as no client should. Pure. */
import { FormFile } from './known-values.js';
import { RawJson, writeJson } from './write-json.js';

export interface FormPart {
  readonly name: string;
  readonly value: string | FormFile;
}

/** Lists and objects in brackets, as the official SDKs send them. */
export function partsOf(value: unknown, name = ''): FormPart[] {
  if (value instanceof FormFile) return [{ name, value }];
  if (value === undefined) return [];
  if (value instanceof RawJson || typeof value !== 'object' || value === null) {
    return [{ name, value: typeof value === 'string' ? value : writeJson(value) }];
  }
  const entries = Object.entries(value).slice(0, 200);
  return entries.flatMap(([key, item]) =>
    partsOf(item, name === '' ? key : `${name}[${Array.isArray(value) ? '' : key}]`),
  );
}

/** What may be wrong with a form; `none` is a good one. */
export const formFaults = [
  ...[
    'none',
    'no-boundary',
    'other-boundary',
    'empty-boundary',
    'long-boundary',
    'no-end',
    'cut-in-half',
    'no-disposition',
  ],
  ...[
    'no-name',
    'empty-name',
    'line-feeds',
    'preamble',
    'huge-part-header',
    'many-parts',
    'twice',
    'huge-field',
    'as-files',
  ],
  ...['as-texts', 'odd-file-name', 'part-charset', 'nul-in-header', 'not-utf8', 'only-end', 'json-inside'],
] as const;
export type FormFault = (typeof formFaults)[number];

export interface WrittenForm {
  readonly contentType: string;
  readonly bytes: Buffer;
}

export function writeForm(given: readonly FormPart[], fault: FormFault): WrittenForm {
  const boundary = fault === 'long-boundary' ? 'b'.repeat(300) : fault === 'empty-boundary' ? '' : 'fuzz-boundary';
  const parts = changedParts(given, fault);
  const written = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\n${headOf(part, fault)}\r\n\r\n`, headEncoding(fault)),
    contentOf(part, fault),
    Buffer.from('\r\n'),
  ]);
  const end = fault === 'no-end' ? '' : `--${boundary}--\r\n`;
  const whole = Buffer.concat([Buffer.from(fault === 'preamble' ? 'hello\r\n\r\n' : ''), ...written, Buffer.from(end)]);
  const bytes =
    fault === 'line-feeds' ? Buffer.from(whole.toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : whole;
  return {
    contentType: contentTypeOf(boundary, fault),
    bytes:
      fault === 'cut-in-half' ? bytes.subarray(0, bytes.length >> 1) : fault === 'only-end' ? Buffer.from(end) : bytes,
  };
}

function contentTypeOf(boundary: string, fault: FormFault): string {
  if (fault === 'no-boundary') return 'multipart/form-data';
  if (fault === 'other-boundary') return 'multipart/form-data; boundary=another';
  return `multipart/form-data; boundary=${boundary}`;
}

function changedParts(parts: readonly FormPart[], fault: FormFault): readonly FormPart[] {
  switch (fault) {
    case 'many-parts':
      return Array.from({ length: 100 }, (_, index) => ({ name: `field${index}`, value: 'x' }));
    case 'twice':
      return [...parts, ...parts];
    case 'huge-field':
      return parts
        .map(({ name, value }) => ({ name, value: typeof value === 'string' ? 'x'.repeat(1_100_000) : value }))
        .slice(0, 3);
    case 'as-files':
      return parts.map(({ name, value }) => ({
        name,
        value: typeof value === 'string' ? new FormFile('a.txt', 'text/plain', Buffer.from(value)) : value,
      }));
    case 'as-texts':
      return parts.map(({ name, value }) => ({
        name,
        value: typeof value === 'string' ? value : Buffer.from(value.bytes).toString('latin1'),
      }));
    case 'empty-name':
      return parts.map(({ value }) => ({ name: '', value }));
    case 'json-inside':
      return parts.map(({ name, value }) => ({
        name,
        value: typeof value === 'string' ? JSON.stringify({ a: value }) : value,
      }));
    default:
      return parts;
  }
}

function headOf({ name, value }: FormPart, fault: FormFault): string {
  if (fault === 'no-disposition') return 'x-other: 1';
  const quoted = fault === 'no-name' ? '' : `; name="${name.replaceAll('"', '%22').replaceAll(/[\r\n]/g, '%0A')}"`;
  const fileName =
    fault === 'odd-file-name' ? `../../${'é'.repeat(300)}"; x="\0.png` : value instanceof FormFile ? value.name : '';
  const file = value instanceof FormFile ? `; filename="${fileName}"\r\nContent-Type: ${value.contentType}` : '';
  const more: Partial<Record<FormFault, string>> = {
    'huge-part-header': `\r\nX-Long: ${'x'.repeat(100_000)}`,
    'part-charset': '\r\nContent-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: base64',
    'nul-in-header': '\r\nX-Nul: a\0b',
  };
  return `Content-Disposition: form-data${quoted}${file}${more[fault] ?? ''}`;
}

function headEncoding(fault: FormFault): BufferEncoding {
  return fault === 'not-utf8' ? 'latin1' : 'utf8';
}

function contentOf({ value }: FormPart, fault: FormFault): Buffer {
  if (value instanceof FormFile) return Buffer.from(value.bytes);
  return fault === 'not-utf8' ? Buffer.from(`${value}\xff\xfe`, 'latin1') : Buffer.from(value);
}
