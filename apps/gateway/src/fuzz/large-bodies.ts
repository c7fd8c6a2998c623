/** Bodies that are too much of something: each field of each operation as a book, as ten thousand levels, as a list without end. Pure. */
import type { JsonSchema } from '@reelay/contracts/openapi/schema-writer';
import { type Framing, FuzzRequest } from './fuzz-request.js';
import type { FuzzOperation } from './operations.js';
import { partsOf, writeForm } from './write-form.js';
import { RawJson, writeJson } from './write-json.js';

const mebibyte = 1024 * 1024;
const levels = 10_000;

const tooMuch: readonly unknown[] = [
  'x'.repeat(300_000),
  `data:image/png;base64,${'A'.repeat(mebibyte)}`,
  new RawJson(`${'['.repeat(levels)}${']'.repeat(levels)}`),
  new RawJson(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`),
  new RawJson(`[${'1,'.repeat(20_000)}1]`),
  new RawJson('1e309'),
  new RawJson('9'.repeat(10_000)),
];

/** One request for each field and each of those, and one for each form of the body. */
export function* requestsWithTooMuch(operation: FuzzOperation, key: string): Generator<FuzzRequest> {
  for (const [type, { schema, example }] of Object.entries(operation.described?.requestBody?.content ?? {})) {
    for (const name of Object.keys(whole(schema, operation).properties ?? {}))
      for (const value of tooMuch) yield write(operation, key, { type, value: { ...example, [name]: value } });
  }
}

/** More than the route reads at once, and without a word about it: in chunks. */
export function* requestsBeyondLimits(operation: FuzzOperation, key: string): Generator<FuzzRequest> {
  const prompt = 'x'.repeat((operation.audience === 'admin' ? 2 : 36) * mebibyte);
  for (const type of Object.keys(operation.described?.requestBody?.content ?? {}))
    yield write(operation, key, { type, value: { prompt }, framing: 'chunked' });
}

function whole(schema: JsonSchema, { components }: FuzzOperation): JsonSchema {
  const { $ref: reference } = schema;
  return reference === undefined
    ? schema
    : { ...(components[reference.split('/').at(-1) ?? ''] as JsonSchema), ...schema };
}

interface BodyOf {
  type: string;
  value: object;
  framing?: Framing;
}

function write({ method, path }: FuzzOperation, key: string, { type, value, framing = 'length' }: BodyOf): FuzzRequest {
  const isForm = type === 'multipart/form-data';
  const form = isForm ? writeForm(partsOf(value), 'none') : undefined;
  return new FuzzRequest({
    ...{ method, framing, target: path.replace(/:\w+|\*/g, 'video_01J00000000000000000000000') },
    headers: [
      ['host', 'fuzz.example'],
      ['connection', 'close'],
      ['authorization', `Bearer ${key}`],
      ['content-type', form?.contentType ?? type],
    ],
    body: form?.bytes ?? Buffer.from(writeJson(value)),
  });
}
