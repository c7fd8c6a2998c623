/** Requests to an operation: most of them reach it, and have one thing wrong. */
import fc, { type Arbitrary } from 'fast-check';
import { type Body, bodiesOf, foreignBodies } from './bodies.js';
import { type Framing, FuzzRequest, framings } from './fuzz-request.js';
import type { KnownValues } from './known-values.js';
import { nastyTexts } from './nasty-values.js';
import { oddHeaders } from './odd-headers.js';
import type { FuzzOperation } from './operations.js';
import { valuesOf } from './schema-values.js';
import { targetsOf } from './targets.js';

export interface RequestSource {
  readonly known: KnownValues;
  readonly key: string;
}

type Header = readonly [string, string];
const otherMethods = ['PUT', 'PATCH', 'DELETE', 'POST', 'GET', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE', 'QUERY'];

export function requestsTo(operation: FuzzOperation, { known, key }: RequestSource): Arbitrary<FuzzRequest> {
  const { described, components, method } = operation;
  const source = { components, known };
  const own = method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'HEAD') : fc.constant(method);
  const methods = fc.oneof({ weight: 30, arbitrary: own }, { weight: 1, arbitrary: fc.constantFrom(...otherMethods) });
  const odd = fc.oneof(
    { weight: 4, arbitrary: fc.constant<readonly Header[]>([]) },
    { weight: 1, arbitrary: fc.constantFrom(...oddHeaders) },
  );
  const framing = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Framing>('length') },
    { weight: 2, arbitrary: fc.constantFrom(...framings) },
  );
  return fc
    .record({
      ...{ method: methods, target: targetsOf(operation.path, described?.parameters ?? [], source), odd, framing },
      ...{ described: describedHeaders(operation, source), body: bodiesTo(operation, source) },
    })
    .map(({ method: chosen, target, odd: more, framing: chosenFraming, described: headers, body }) => {
      const base: Header[] = [
        ['host', 'fuzz.example'],
        ['connection', 'close'],
        ['authorization', `Bearer ${key}`],
      ];
      const ofBody: Header[] = body?.contentType === undefined ? [] : [['content-type', body.contentType]];
      return new FuzzRequest({
        ...{ method: chosen, target, body: body?.bytes, framing: chosenFraming },
        headers: [...base, ...ofBody, ...(body?.headers ?? []), ...headers, ...more].map(toHeader),
      });
    });
}

function bodiesTo(
  { described, method }: FuzzOperation,
  source: Parameters<typeof bodiesOf>[1],
): Arbitrary<Body | undefined> {
  const content = described?.requestBody?.content;
  if (content) return orNothing(bodiesOf(content, source), 40, 1);
  // Who takes no body gets one now and then.
  return orNothing(foreignBodies, 1, method === 'POST' ? 1 : 10);
}

/** Mostly those that are described, each left out half of the time. */
function describedHeaders(
  { described, components }: FuzzOperation,
  { known }: { known: KnownValues },
): Arbitrary<Header[]> {
  const ofHeaders = (described?.parameters ?? []).filter((parameter) => parameter.in === 'header');
  const lines = ofHeaders.map(({ name, schema }) => {
    const values = fc.oneof(
      { weight: 4, arbitrary: valuesOf(schema, { components, known, strictness: 'edges' }, name) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(...nastyTexts.filter(({ length }) => length < 9_000)) },
    );
    return orNothing(
      values.map((value): Header => [name, String(value)]),
      1,
      1,
    );
  });
  return fc.tuple(...lines).map((given) => given.filter((line) => line !== undefined));
}

function orNothing<Value>(values: Arbitrary<Value>, weight: number, ofNothing: number): Arbitrary<Value | undefined> {
  return fc.oneof({ weight, arbitrary: values }, { weight: ofNothing, arbitrary: fc.constant(undefined) });
}

/** Text as the bytes of its UTF-8; what would end the line stays out (lines of their own are among the odd headers). */
function toHeader([name, value]: Header): Header {
  const isLatin = /^[\0-\u00ff]*$/.test(value);
  return [
    name,
    isLatin
      ? value.replace(/[\r\n](?! )/g, ' ')
      : Buffer.from(value)
          .toString('latin1')
          .replace(/[\r\n]/g, ' '),
  ];
}
