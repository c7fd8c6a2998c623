/** The admin API as an OpenAPI 3.1 document, made of the routes that `contracts/admin-api` declares. Pure. */
import { type AdminRoute, adminTags } from '@reelay/contracts/admin-api/admin-route';
import { schemaNames } from '@reelay/contracts/admin-api/schema-names';
import { type ErrorCode, errorRegistry } from '@reelay/contracts/errors';
import type { Content, OpenApiDocument, Operation, Parameter } from '@reelay/contracts/openapi/document';
import { type JsonSchema, SchemaWriter } from '@reelay/contracts/openapi/schema-writer';
import type { z } from 'zod';

export interface AdminApiOptions {
  routes: readonly AdminRoute[];
  version: string;
  /** What the paths are appended to. */
  serverUrl: string;
}

export function describeAdminApi({ routes, version, serverUrl }: AdminApiOptions): OpenApiDocument {
  const schemas = new SchemaWriter(schemaNames);
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reelay admin API',
      version,
      description: 'Accounts, their batches and the state of the installation. No answer contains a secret.',
    },
    servers: [{ url: serverUrl }],
    security: [{ adminKey: [] }],
    tags: Object.entries(adminTags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { adminKey: { type: 'http', scheme: 'bearer', description: 'The admin key (ADMIN_KEY).' } },
      schemas: { Error: errorSchema(routes), ...schemas.components },
    },
  };
}

function describeRoute(route: AdminRoute, schemas: SchemaWriter): Operation {
  const { operation, tag, summary, description, query, headers, body, status = 200, response } = route;
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const parameters: Parameter[] = [
    ...names.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...parametersOf(query, 'query', schemas),
    ...parametersOf(headers, 'header', schemas),
  ];
  return {
    operationId: operation,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters,
    ...(body === undefined ? {} : { requestBody: requestBodyOf(route, body, schemas) }),
    responses: {
      [status]: { description: status === 202 ? 'Taken on.' : 'Done.', content: json(schemas.answer(response)) },
      ...errorResponses(route),
    },
  };
}

function parametersOf(schema: z.ZodType | undefined, place: 'query' | 'header', schemas: SchemaWriter): Parameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemas.written(schema, 'input');
  return Object.entries(properties).map(([name, field]) => ({
    ...{ name, in: place, required: required.includes(name) },
    schema: field,
  }));
}

function requestBodyOf({ isBodyOptional }: AdminRoute, body: z.ZodType | 'file', schemas: SchemaWriter) {
  const content = body === 'file' ? { 'application/octet-stream': { schema: {} } } : json(schemas.request(body));
  return { required: isBodyOptional !== true, content };
}

function json(schema: JsonSchema): Content {
  return { 'application/json': { schema } };
}

/** By status, with the codes that it may come with. */
function errorResponses(route: AdminRoute): Operation['responses'] {
  const byStatus = Map.groupBy(errorCodesOf(route), (code) => errorRegistry[code].status);
  const content = json({ $ref: '#/components/schemas/Error' });
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      const description = codes.map((code) => `\`${code}\`: ${errorRegistry[code].help}`).join('\n\n');
      return [String(status), { description, content }];
    }),
  );
}

function errorCodesOf({ path, query, body, errors = [] }: AdminRoute): ErrorCode[] {
  const codes: ErrorCode[] = ['invalid_api_key', 'service_unavailable', 'internal_error', ...errors];
  if (path.includes(':')) codes.push('not_found');
  if (query) codes.push('invalid_value');
  if (body === 'file') codes.push('invalid_request');
  else if (body) {
    codes.push('invalid_request', 'invalid_json', 'invalid_value', 'missing_required_parameter');
    codes.push('request_too_large', 'unsupported_media_type');
  }
  return [...new Set(codes)];
}

function errorSchema(routes: readonly AdminRoute[]): JsonSchema {
  const codes = [...new Set(routes.flatMap(errorCodesOf))].sort();
  const error = {
    type: 'object',
    required: ['message', 'type', 'param', 'code'],
    properties: {
      message: { type: 'string', description: 'What happened and what to do, for people.' },
      type: { type: 'string' },
      param: { type: ['string', 'null'], description: 'The field that is meant, where one is.' },
      code: { type: 'string', description: `For programs. Among others: ${codes.join(', ')}.` },
    },
  };
  return { type: 'object', required: ['error'], properties: { error } };
}
