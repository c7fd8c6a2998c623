/**
 * Values of a JSON Schema, as far as the documents of this gateway use its keywords: a keyword that is not known here fails, so that no
 * part of a schema is passed over. Pure.
 */
import type { JsonSchema } from '@reelay/contracts/openapi/schema-writer';
import fc, { type Arbitrary } from 'fast-check';
import type { KnownValues } from './known-values.js';

export interface SchemaSource {
  readonly components: Readonly<Record<string, unknown>>;
  readonly known: Pick<KnownValues, 'byName' | 'files'>;
  /** `edges`: now and then a value at a limit or just beyond it, and a required field left out. */
  readonly strictness: 'valid' | 'edges';
}

const keywords = new Set([
  ...['$ref', 'type', 'description', 'properties', 'required', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'items'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'minItems'],
  ...['maxItems', 'minProperties', 'maxProperties', 'default', 'format', 'pattern', 'additionalProperties'],
  ...['propertyNames', 'title', 'examples'],
]);

/** A long text is as good as any other, and takes longer to look at. */
const ordinaryLength = 40;

/** `name` is that of the field the value is for. */
export function valuesOf(schema: JsonSchema, source: SchemaSource, name = ''): Arbitrary<unknown> {
  for (const keyword of Object.keys(schema))
    if (!keywords.has(keyword))
      throw new Error(`The fuzz generator does not know the keyword "${keyword}" yet: teach it.`);
  const written = plainValues(schema, source, name);
  const known = Object.hasOwn(source.known.byName, name) ? source.known.byName[name] : undefined;
  const own = known
    ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: written })
    : written;
  const edges = source.strictness === 'edges' ? edgesOf(schema) : [];
  if (edges.length === 0) return own;
  return fc.oneof({ weight: 6, arbitrary: own }, { weight: 1, arbitrary: fc.constantFrom(...edges) });
}

function plainValues(schema: JsonSchema, source: SchemaSource, name: string): Arbitrary<unknown> {
  if (schema.$ref !== undefined)
    return fc.constant(undefined).chain(() => valuesOf(referred(schema.$ref, source), source, name));
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  const choices = [schema.anyOf, schema.oneOf].flatMap((given) =>
    Array.isArray(given) ? (given as JsonSchema[]) : [],
  );
  if (choices.length > 0) return fc.oneof(...choices.map((choice) => valuesOf(choice, source, name)));
  if (Array.isArray(schema.allOf)) return allOf(schema.allOf as JsonSchema[], source, name);
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return fc.jsonValue({ maxDepth: 2 });
  return fc.oneof(...types.map((type) => valuesOfType(type, schema, source)));
}

function referred(reference: string | undefined, { components }: SchemaSource): JsonSchema {
  const schema = components[(reference ?? '').replace('#/components/schemas/', '')];
  if (typeof schema !== 'object' || schema === null)
    throw new Error(`"${reference}" refers to no schema of the document`);
  return schema as JsonSchema;
}

function allOf(parts: JsonSchema[], source: SchemaSource, name: string): Arbitrary<unknown> {
  return fc
    .tuple(...parts.map((part) => valuesOf(part, source, name)))
    .map((values) => Object.assign({}, ...values) as unknown);
}

function valuesOfType(type: string, schema: JsonSchema, source: SchemaSource): Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: numberOf(schema.minimum) ?? -1_000, max: numberOf(schema.maximum) ?? 1_000_000 });
    case 'number': {
      const [min, max] = [numberOf(schema.minimum) ?? -1e9, numberOf(schema.maximum) ?? 1e9];
      return fc.double({ min, max, noNaN: true });
    }
    case 'string':
      return texts(schema, source);
    case 'array':
      return fc.array(valuesOf((schema.items as JsonSchema | undefined) ?? {}, source), {
        minLength: numberOf(schema.minItems) ?? 0,
        maxLength: Math.min(numberOf(schema.maxItems) ?? 4, Math.max(4, numberOf(schema.minItems) ?? 0)),
      });
    case 'object':
      return objects(schema, source);
    default:
      throw new Error(`The fuzz generator does not know the type "${type}"`);
  }
}

function texts(schema: JsonSchema, { known }: SchemaSource): Arbitrary<unknown> {
  const minLength = numberOf(schema.minLength) ?? 0;
  const maxLength = Math.min(numberOf(schema.maxLength) ?? ordinaryLength, Math.max(ordinaryLength, minLength));
  if (schema.format === 'binary') return fc.constantFrom(...known.files);
  if (schema.format === 'date')
    return fc
      .date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2030-01-01') })
      .map((day) => day.toISOString().slice(0, 10));
  if (schema.format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2030-01-01') })
      .map((day) => day.toISOString());
  // No request may leave the machine: nothing listens there, and that name is nobody's (RFC 2606).
  if (schema.format === 'uri') return fc.constantFrom('http://127.0.0.1:9/', 'https://hook.invalid/hook?a=1#b');
  if (schema.format !== undefined)
    throw new Error(`The fuzz generator does not know the format "${String(schema.format)}"`);
  const pattern = typeof schema.pattern === 'string' ? new RegExp(schema.pattern, 'u') : undefined;
  // The library knows no class of characters by a Unicode property; those we have leave most texts in.
  if (pattern && !/\\p\{/iu.test(pattern.source)) return fc.stringMatching(pattern);
  // Lengths are UTF-16 units to whoever reads a text; what people take for one character may be ten of them.
  const fits = (text: string) =>
    text.length <= (numberOf(schema.maxLength) ?? Number.POSITIVE_INFINITY) && (pattern?.test(text) ?? true);
  return fc.oneof(
    fc.string({ unit: 'grapheme', minLength, maxLength }).filter(fits),
    fc.string({ unit: 'grapheme-ascii', minLength, maxLength }).filter(fits),
  );
}

function objects(schema: JsonSchema, source: SchemaSource): Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, valuesOf(field, source, name)]),
  );
  const requiredKeys = source.strictness === 'valid' ? required : [];
  const written = fc.record(fields, { requiredKeys: requiredKeys.filter((name) => Object.hasOwn(fields, name)) });
  // A field is left out now and then; most often all that must be there is.
  const chosen =
    source.strictness === 'valid'
      ? written
      : fc.oneof(
          { weight: 5, arbitrary: fc.record(fields, { requiredKeys: required }) },
          { weight: 1, arbitrary: written },
        );
  if (typeof additionalProperties !== 'object' || additionalProperties === null) return chosen;
  const names =
    typeof schema.propertyNames === 'object'
      ? (valuesOf(schema.propertyNames as JsonSchema, source) as Arbitrary<string>)
      : fc.string();
  return fc
    .tuple(chosen, fc.dictionary(names, valuesOf(additionalProperties as JsonSchema, source), { maxKeys: 3 }))
    .map(([own, more]) => ({ ...own, ...more }));
}

/** At the limits of a schema, and one beyond them. */
function edgesOf(schema: JsonSchema): unknown[] {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const edges: unknown[] = [];
  for (const length of [numberOf(minLength), numberOf(maxLength)])
    if (length !== undefined)
      for (const each of [length - 1, length, length + 1])
        edges.push('x'.repeat(Math.max(0, each)), '😀'.repeat(Math.max(0, each)));
  for (const limit of [numberOf(minimum), numberOf(maximum)])
    if (limit !== undefined) edges.push(limit, limit - 1, limit + 1, limit + 0.5, String(limit), `${limit} `);
  for (const count of [numberOf(minItems), numberOf(maxItems)])
    if (count !== undefined)
      for (const each of [count - 1, count + 1]) edges.push(Array.from({ length: Math.max(0, each) }, () => null));
  for (const choice of Array.isArray(schema.enum) ? (schema.enum as unknown[]) : [])
    if (typeof choice === 'string') edges.push(choice.toUpperCase(), `${choice} `, `${choice}\0`, [choice]);
  if (schema.type === 'string') edges.push('', ' ', '\u00a0\n', '\ufeff');
  if (schema.format === 'date')
    edges.push('0000-00-00', '2026-02-30', '99999-12-31', '-000001-01-01', '2026-1-1', '2026-11-22T00:00:00Z');
  return edges;
}

function numberOf(limit: unknown): number | undefined {
  return typeof limit === 'number' ? limit : undefined;
}
