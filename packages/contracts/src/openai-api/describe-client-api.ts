/** The API under `/v1` as an OpenAPI 3.1 document, made of the routes that are declared here. Pure. */
import type { z } from 'zod';
import type { Answer, Content, OpenApiDocument, Operation, Parameter } from '../openapi/document.js';
import { type JsonSchema, SchemaWriter } from '../openapi/schema-writer.js';
import { errorBodySchema } from './answer-parts.js';
import { type ClientAnswer, type ClientRoute, clientTags } from './client-route.js';
import { errorAnswersOf } from './errors-of-route.js';
import { schemaNames } from './schema-names.js';

export interface ClientApiOptions {
  routes: readonly ClientRoute[];
  version: string;
  /** What the paths are appended to. */
  serverUrl: string;
}

const textHeader = (description: string) => ({ description, schema: { type: 'string' } });

/** Every answer to a key with a limit has them. */
const rateHeaders = {
  'x-ratelimit-limit-requests': textHeader('How many requests the key may send in a minute, where it has a limit.'),
  'x-ratelimit-remaining-requests': textHeader('How many of them are left.'),
  'x-ratelimit-reset-requests': textHeader('In how long all of them are there again, as in `1m0s`.'),
};

export function describeClientApi({ routes, version, serverUrl }: ClientApiOptions): OpenApiDocument {
  const schemas = new SchemaWriter(schemaNames);
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}').replace('*', '{id}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reelay API',
      version,
      description:
        'OpenAI’s API for images and videos, with a little beside it. Official SDKs work with this address and `/v1` as their base URL. Fields that are not described are ignored in requests; answers may gain more of them. Every answer to a key with a rate limit has the `x-ratelimit-*` headers that are described at 429.',
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    tags: Object.entries(clientTags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'A key that the operator of this installation gave out.',
        },
      },
      schemas: schemas.components,
    },
  };
}

function describeRoute(route: ClientRoute, schemas: SchemaWriter): Operation {
  const { operation, tag, summary, description, query, headers, body, answers, fields } = route;
  const names = [...route.path.replace('*', ':id').matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  return {
    operationId: operation,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...names.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...parametersOf(query, 'query', schemas, fields),
      ...parametersOf(headers, 'header', schemas),
    ],
    ...(body === undefined ? {} : { requestBody: requestBodyOf(route, body, schemas) }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describe(answer, schemas)])),
      ...errorResponses(route, schemas),
    },
  };
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'query' | 'header',
  schemas: SchemaWriter,
  fields?: ClientRoute['fields'],
): Parameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = withFields(schemas.written(schema, 'input'), schemas, fields);
  return Object.entries(properties).map(([name, { description, ...field }]) => ({
    ...{ name, in: place, required: required.includes(name) },
    ...(description === undefined ? {} : { description }),
    schema: field,
  }));
}

function requestBodyOf(
  { isBodyOptional, forms = ['json'], fields, files = [], example }: ClientRoute,
  body: z.ZodType,
  schemas: SchemaWriter,
): NonNullable<Operation['requestBody']> {
  const schema = withFields(schemas.request(body), schemas, fields);
  const content: Content = {};
  if (forms.includes('json')) content['application/json'] = { schema, ...(example ? { example } : {}) };
  if (forms.includes('multipart')) content['multipart/form-data'] = { schema: withFiles(schema, files) };
  return { required: isBodyOptional !== true, content };
}

/** What is really read from them, where that is more than the schema of the body or query says. */
function withFields(schema: JsonSchema, schemas: SchemaWriter, fields: ClientRoute['fields'] = {}): JsonSchema {
  const described = Object.entries(fields).map(([name, field]) => [name, schemas.written(field, 'input')]);
  return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(described) } };
}

function withFiles(schema: JsonSchema, files: readonly string[]): JsonSchema {
  const described = files.map((name): [string, JsonSchema] => [name, { type: 'string', format: 'binary' }]);
  return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(described) } };
}

function describe({ description, json, event, file, headers }: ClientAnswer, schemas: SchemaWriter): Answer {
  const content: Content = {
    ...(json ? { 'application/json': { schema: schemas.answer(json) } } : {}),
    ...(event ? { 'text/event-stream': { schema: schemas.answer(event) } } : {}),
    ...(file === undefined ? {} : { [file]: { schema: {} } }),
  };
  const described = Object.entries({ ...headers, 'x-request-id': 'What the log of the gateway has of this request.' });
  return {
    description,
    headers: Object.fromEntries(described.map(([name, means]) => [name, textHeader(means)])),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function errorResponses(route: ClientRoute, schemas: SchemaWriter): Record<string, Answer> {
  const content = { 'application/json': { schema: schemas.answer(errorBodySchema) } };
  return Object.fromEntries(
    [...errorAnswersOf(route)].map(([status, codes]) => {
      const description = codes.map((code) => `\`${code}\``).join(', ');
      return [String(status), { description, headers: headersOfError(status), content }];
    }),
  );
}

function headersOfError(status: number): Answer['headers'] {
  return {
    'x-request-id': textHeader('What the log of the gateway has of this request.'),
    ...(status === 429 || status >= 500
      ? {
          'retry-after': textHeader('Seconds after which the request may be sent again; not where that does not help.'),
          'x-should-retry': textHeader('`false` where official SDKs would try again, and it does not help.'),
        }
      : {}),
    ...(status === 429 ? rateHeaders : {}),
  };
}
