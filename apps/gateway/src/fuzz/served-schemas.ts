/** The JSON Schemas that a gateway serves in its documents, held against what it answers. */
import type { OpenApiDocument } from '@reelay/contracts/openapi/document';
import type { JsonSchema } from '@reelay/contracts/openapi/schema-writer';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { documentedPath } from './operations.js';

interface Described {
  readonly schema: JsonSchema;
  readonly components: OpenApiDocument['components'];
}

export class ServedSchemas {
  // Formats are annotations in 2020-12.
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  readonly #described: ReadonlyMap<string, Described>;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(documents: readonly OpenApiDocument[]) {
    this.#described = new Map(documents.flatMap(jsonAnswersOf));
  }

  /** What does not fit, in sentences. `path` is the route's: `/v1/videos/:id`. */
  problemsOf({ method, path }: { method: string; path: string }, status: number, body: string): string[] {
    const name = nameOf(method, documentedPath(path), status);
    const validate = this.#validatorOf(name);
    if (!validate) return [`${name} is described in no served document`];
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return [`it is no JSON: ${body.slice(0, 200)}`];
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `by the served schema, ${instancePath || 'it'} ${message}`,
    );
  }

  has({ method, path }: { method: string; path: string }, status: number): boolean {
    return this.#described.has(nameOf(method, documentedPath(path), status));
  }

  #validatorOf(name: string): ValidateFunction | undefined {
    const described = this.#described.get(name);
    if (!described) return undefined;
    const known = this.#validators.get(name);
    if (known) return known;
    // References are read from the root of the document.
    const validate = this.#ajv.compile({ allOf: [described.schema], components: described.components });
    this.#validators.set(name, validate);
    return validate;
  }
}

function jsonAnswersOf({ paths, components }: OpenApiDocument): [string, Described][] {
  return Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content }]): [string, Described][] => {
        const schema = content?.['application/json']?.schema;
        return schema ? [[nameOf(method, path, Number(status)), { schema, components }]] : [];
      }),
    ),
  );
}

function nameOf(method: string, path: string, status: number): string {
  return `${method.toUpperCase()} ${path} → ${status}`;
}
