/** zod's schemas as JSON Schema 2020-12, which is what OpenAPI 3.1 takes. Those that have a name are written once and referred to. */
import { schemaNames } from '@reelay/contracts/admin-api/schema-names';
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
        if (zodSchema === schema || !schemaNames.has(zodSchema)) return;
        for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword];
        Object.assign(jsonSchema, this.#refer(zodSchema, io));
      },
    });
    return written as JsonSchema;
  }

  #refer(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
    const name = schemaNames.get(schema);
    if (name === undefined) return this.written(schema, io);
    this.components[name] ??= this.written(schema, io);
    return { $ref: `#/components/schemas/${name}` };
  }
}
