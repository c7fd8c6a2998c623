/** Bodies of a request: what its schema allows, what it nearly allows, and what is wrong before any schema is asked. */
import { gzipSync } from 'node:zlib';
import type { Content } from '@reelay/contracts/openapi/document';
import fc, { type Arbitrary } from 'fast-check';
import { broken } from './break-value.js';
import { type SchemaSource, valuesOf } from './schema-values.js';
import { formFaults, partsOf, writeForm } from './write-form.js';
import { writeJson, writeTwice } from './write-json.js';

export interface Body {
  readonly contentType: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
  readonly bytes: Uint8Array;
}

export function bodiesOf(content: Content, source: Omit<SchemaSource, 'strictness'>): Arbitrary<Body> {
  const forms = Object.entries(content).map(([type, { schema, example }]) => {
    const valid = valuesOf(schema, { ...source, strictness: 'valid' });
    const good = example
      ? fc.oneof({ weight: 4, arbitrary: valid }, { weight: 1, arbitrary: fc.constant<unknown>(example) })
      : valid;
    const values = fc.oneof(
      { weight: 3, arbitrary: good },
      { weight: 3, arbitrary: valuesOf(schema, { ...source, strictness: 'edges' }) },
      { weight: 5, arbitrary: broken(good) },
    );
    if (type === 'multipart/form-data') return formBodies(values);
    return type === 'application/json' ? jsonBodies(values) : fileBodies(source);
  });
  return fc.oneof({ weight: 12, arbitrary: fc.oneof(...forms) }, { weight: 1, arbitrary: foreignBodies });
}

type Wire = (text: string) => Omit<Body, 'headers'> & { headers?: Body['headers'] };
const json = 'application/json';
const plain: Wire = (text) => ({ contentType: json, bytes: Buffer.from(text) });
const as =
  (contentType: string | undefined): Wire =>
  (text) => ({ contentType, bytes: Buffer.from(text) });
const encoded =
  (encoding: string, bytes: (text: string) => Uint8Array = (text) => Buffer.from(text)): Wire =>
  (text) => ({
    ...{ contentType: json, headers: [['content-encoding', encoding]], bytes: bytes(text) },
  });
const bytesOf =
  (change: (text: string) => Uint8Array): Wire =>
  (text) => ({ contentType: json, bytes: change(text) });

/** What happens to JSON between its writer and the gateway. */
const wires: readonly Wire[] = [
  bytesOf((text) => Buffer.from(text, 'latin1')),
  bytesOf((text) => Buffer.from(text, 'utf16le')),
  bytesOf((text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
  bytesOf((text) => Buffer.from(`\ufeff${text}`)),
  bytesOf((text) => Buffer.from(text).subarray(0, text.length >> 1)),
  bytesOf((text) => Buffer.from(text).subarray(0, -1)),
  bytesOf((text) => Buffer.from(`${text}${text}`)),
  bytesOf((text) => Buffer.from(`${text}\0`)),
  bytesOf((text) => Buffer.from(text.replaceAll('"', "'"))),
  bytesOf((text) => Buffer.from(text.replace(/"([^"]*)"/, '"$1\n"'))),
  bytesOf((text) =>
    Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xc3, 0x28]), Buffer.from(text.slice(-2))]),
  ),
  bytesOf((text) =>
    Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(text.slice(-2))]),
  ),
  bytesOf(() => Buffer.alloc(0)),
  bytesOf((text) => gzipSync(text)),
  encoded('gzip', (text) => gzipSync(text)),
  ...['gzip', 'br, gzip', 'identity', 'x', ''].map((encoding) => encoded(encoding)),
  ...[
    undefined,
    'text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json;',
  ].map(as),
  ...[
    'APPLICATION/JSON',
    'application/problem+json',
    ';;;',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ].map(as),
  ...[
    'multipart/form-data; boundary=x',
    'application/json, text/html',
    'application/jsonx',
    `application/${'x'.repeat(2_000)}`,
  ].map(as),
];

function jsonBodies(values: Arbitrary<unknown>): Arbitrary<Body> {
  const texts = fc.oneof(
    { weight: 15, arbitrary: values.map(writeJson) },
    { weight: 1, arbitrary: values.map(writeTwice) },
  );
  const wire = fc.oneof(
    { weight: 4, arbitrary: fc.constant(plain) },
    { weight: 1, arbitrary: fc.constantFrom(...wires) },
  );
  return fc.tuple(texts, wire).map(([text, send]) => ({ headers: [], ...send(text) }));
}

function formBodies(values: Arbitrary<unknown>): Arbitrary<Body> {
  const fault = fc.oneof(
    { weight: 3, arbitrary: fc.constant('none' as const) },
    { weight: 2, arbitrary: fc.constantFrom(...formFaults) },
  );
  return fc.tuple(values, fault).map(([value, wrong]) => ({ headers: [], ...writeForm(partsOf(value), wrong) }));
}

function fileBodies({ known }: Omit<SchemaSource, 'strictness'>): Arbitrary<Body> {
  const asFile = (bytes: Uint8Array): Body => ({ contentType: 'application/octet-stream', headers: [], bytes });
  const files = known.files.map(({ bytes }) => bytes);
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...files).map(asFile) },
    { weight: 1, arbitrary: fc.constantFrom(...files).map((bytes) => asFile(bytes.subarray(0, bytes.length >> 1))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map(asFile) },
    {
      weight: 1,
      arbitrary: fc
        .string({ unit: 'binary', maxLength: 200 })
        .map((text): Body => ({ contentType: 'text/csv', headers: [], bytes: Buffer.from(text) })),
    },
  );
}

/** Of no schema at all. */
export const foreignBodies: Arbitrary<Body> = fc.oneof(
  fc
    .constantFrom(
      'null',
      '[]',
      '0',
      '""',
      'true',
      '[{}]',
      '<html>',
      'a=b&c[]=d',
      '\0',
      '{',
      '{"a":}',
      'NaN',
      "{'a':1}",
      '{"a":1,}',
      '/**/{}',
    )
    .map((text): Body => ({ contentType: json, headers: [], bytes: Buffer.from(text) })),
  fc.uint8Array({ maxLength: 100 }).map((bytes): Body => ({ contentType: json, headers: [], bytes })),
);
