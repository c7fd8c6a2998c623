/** The description of the admin API against the gateway itself: what is described is there, what is there is described. */
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import type { OpenApiDocument, Operation } from '@reelay/contracts/openapi/document';
import { createGatewayModule, type GatewayModuleParts } from '../../gateway.module.js';
import { openTestGateway, type TestGateway } from '../../testing/test-gateway.js';

let gateway: TestGateway;
let document: OpenApiDocument;

beforeAll(async () => {
  gateway = await openTestGateway({ configuration: { PUBLIC_URL: 'https://video.example/reelay' } });
  document = (await (await gateway.send(gateway.adminKey, '/api/admin/openapi.json')).json()) as OpenApiDocument;
});

afterAll(() => gateway.close());

const operations = (): [string, string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]): [string, string, Operation] => [method, path, operation]),
  );

test('every admin route is described, and nothing that does not exist', () => {
  const served = gateway.routes.entries
    .filter(({ method, path }) => path.startsWith('/api/admin/') && method !== 'HEAD')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(
    operations()
      .map(([method, path]) => `${method.toUpperCase()} ${path}`)
      .sort(),
  ).toEqual(served.sort());
});

test('only the admin key may read it', async () => {
  expect((await gateway.send(undefined, '/api/admin/openapi.json')).status).toBe(401);
  expect((await gateway.send(await gateway.newClient(), '/api/admin/openapi.json')).status).toBe(401);
});

test('a body is described by the schema that it is read with', () => {
  const { controllers = [] } = createGatewayModule({} as GatewayModuleParts);
  const read = controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const marks = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, object>;
      return Object.values(marks).flatMap((mark) => ('schema' in mark && mark.schema ? [mark.schema] : []));
    }),
  );
  expect(read.length).toBeGreaterThan(3);
  for (const { operation, body } of adminRoutes)
    if (body !== undefined && body !== 'file') expect([operation, read.includes(body)]).toEqual([operation, true]);
});

test('the document is whole: own names, all parameters, no reference into nowhere', () => {
  expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: 'https://video.example/reelay' }] });
  const ids = operations().map(([, , { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, path, { parameters }] of operations()) {
    const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`);
    expect([path, inPath]).toEqual([path, path.match(/\{\w+\}/g) ?? []]);
  }
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
    expect([name, name in (document.components.schemas ?? {})]).toEqual([name, true]);
  expect(text.match(/"\$ref":"(?!#\/components\/schemas\/\w+")/g)).toBeNull();
  expect(text).not.toMatch(/"\$(defs|schema|id)"/);
});

test('every operation says which key it needs and what it may refuse with, in our shape of errors', () => {
  expect(document.security).toEqual([{ adminKey: [] }]);
  for (const [, , { operationId, responses, tags }] of operations()) {
    expect([operationId, Object.keys(responses)]).toEqual([operationId, expect.arrayContaining(['401', '500', '503'])]);
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(tags));
    for (const [status, { content }] of Object.entries(responses))
      if (Number(status) >= 400)
        expect(content).toEqual({ 'application/json': { schema: { $ref: '#/components/schemas/Error' } } });
  }
});
