/** What the fuzz test makes of a schema, held against a validator that knows nothing of it. */
import type { JsonSchema } from '@reelay/contracts/openapi/schema-writer';
import fc from 'fast-check';
import { z } from 'zod';
import { FormFile } from './known-values.js';
import { type SchemaSource, valuesOf } from './schema-values.js';

const files = [new FormFile('a.png', 'image/png', Buffer.from('x'))];
const source = (strictness: SchemaSource['strictness'], known: SchemaSource['known']['byName'] = {}): SchemaSource => ({
  ...{ components: { Name: { type: 'string', minLength: 2, maxLength: 5 } }, strictness },
  known: { byName: known, files },
});

const schema = z.object({
  name: z.string().min(1).max(3),
  count: z.number().int().min(0).max(5).optional(),
  share: z.number().min(0).max(1).nullish(),
  kind: z.enum(['image', 'video']),
  day: z.iso.date().optional(),
  digits: z
    .string()
    .regex(/^\d{1,10}$/)
    .optional(),
  parts: z.array(z.union([z.string(), z.object({ type: z.literal('text'), text: z.string() })])).max(2),
  prices: z.record(z.string(), z.number().nonnegative()).optional(),
});
const written = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
const { $schema: _, ...withoutDialect } = written;

test('valid values are what the schema takes', () => {
  fc.assert(
    fc.property(valuesOf(withoutDialect, source('valid')), (value) => {
      const { success, error } = schema.safeParse(value);
      expect([success, error]).toEqual([true, undefined]);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('edges are mostly what it takes, and pass every limit sooner or later', () => {
  const values = fc.sample(valuesOf(withoutDialect, source('edges')), { seed: 1, numRuns: 2_000 });
  const refused = values.flatMap((value) => schema.safeParse(value).error?.issues ?? []);
  const fields = new Set(refused.map(({ path, code }) => `${String(path[0])} ${code}`));
  for (const each of [
    'name too_big',
    'name too_small',
    'count too_big',
    'share too_small',
    'kind invalid_value',
    'day invalid_format',
    'parts too_big',
  ])
    expect([...fields]).toContain(each);
  expect([...fields].filter((each) => each.endsWith('invalid_type')).length).toBeGreaterThan(1);
});

test('references are followed, known values are used by name, files are files', () => {
  const given: JsonSchema = {
    type: 'object',
    required: ['title', 'model', 'file'],
    properties: {
      title: { $ref: '#/components/schemas/Name' },
      model: { type: 'string' },
      file: { type: 'string', format: 'binary' },
    },
  };
  const values = fc.sample(valuesOf(given, source('valid', { model: ['sora-2'] })), { seed: 1, numRuns: 100 });
  const fields = values as { title: string; model: string; file: unknown }[];
  for (const { title, file } of fields) {
    expect(title.length).toBeGreaterThan(1);
    expect(file).toBe(files[0]);
  }
  expect(fields.filter(({ model }) => model === 'sora-2').length).toBeGreaterThan(50);
});

test.each<[string, JsonSchema]>([
  ['keyword', { type: 'string', contentEncoding: 'base64' }],
  ['format', { type: 'string', format: 'ipv7' }],
  ['type', { type: 'duration' }],
])('a %s that it does not know is an error, not a part of the schema passed over', (_name, unknown) => {
  expect(() => valuesOf(unknown, source('valid'))).toThrow('does not know');
});

test('a reference into nowhere is one', () => {
  expect(() => fc.sample(valuesOf({ $ref: '#/components/schemas/Nothing' }, source('valid')), 1)).toThrow(
    'refers to no schema',
  );
});
