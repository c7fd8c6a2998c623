/** zod's schemas as JSON Schema 2020-12, which is what OpenAPI 3.1 takes. Those that have a name are written once and referred to. */
import { z } from 'zod';

export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  [keyword: string]: unknown;
}

export class SchemaWriter {
  readonly components: Record<string, JsonSchema> = {};

  constructor(private readonly names: ReadonlyMap<z.core.$ZodType, string>) {}

  request(schema: z.core.$ZodType): JsonSchema {
    return this.#refer(schema, 'input');
  }

  answer(schema: z.core.$ZodType): JsonSchema {
    return this.#refer(schema, 'output');
  }

  /** In full, whether it has a name or not; named ones inside it are referred to. */
  written(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
    const { $schema: _, ...written } = z.toJSONSchema(schema, {
      io,
      // What JSON Schema cannot say (a custom check) is checked all the same.
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // A later release may add a field to an answer: whoever reads it must not refuse that.
        if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
        // What every program understands by an integer anyway.
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        // The expression behind a format is for no reader.
        if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
        dropClasses(zodSchema, jsonSchema);
        if (zodSchema === schema || !this.names.has(zodSchema)) return;
        for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword];
        Object.assign(jsonSchema, this.#refer(zodSchema, io));
      },
    });
    return written as JsonSchema;
  }

  #refer(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
    const name = this.names.get(schema);
    if (name === undefined) return this.written(schema, io);
    this.components[name] ??= this.written(schema, io);
    return { $ref: `#/components/schemas/${name}` };
  }
}

/** A choice between JSON and what our reader makes of it (a long text as bytes) is JSON alone to whoever sends it. */
function dropClasses(zodSchema: z.core.$ZodType, jsonSchema: z.core.JSONSchema.BaseSchema): void {
  if (!(zodSchema instanceof z.ZodUnion) || !jsonSchema.anyOf) return;
  const choices = jsonSchema.anyOf.filter((_, index) => !(zodSchema.options[index] instanceof z.ZodCustom));
  if (choices.length === jsonSchema.anyOf.length) return;
  const [only] = choices;
  if (choices.length > 1 || !only) jsonSchema.anyOf = choices;
  else {
    delete jsonSchema.anyOf;
    Object.assign(jsonSchema, only);
  }
}
