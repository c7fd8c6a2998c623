/** The description of `/v1` against the gateway itself: what is described is there, what is there is described. */
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import type { OpenApiDocument, Operation } from '@reelay/contracts/openapi/document';
import { createGatewayModule, type GatewayModuleParts } from '../gateway.module.js';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let document: OpenApiDocument;

beforeAll(async () => {
  gateway = await openTestGateway({ configuration: { PUBLIC_URL: 'https://video.example/reelay' } });
  document = (await (await gateway.send(undefined, '/openapi.json')).json()) as OpenApiDocument;
});

afterAll(() => gateway.close());

const operations = (): [string, string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]): [string, string, Operation] => [method, path, operation]),
  );

test('every route under /v1 is described, and nothing that does not exist', () => {
  const served = gateway.routes.entries
    .filter(({ method, path }) => path.startsWith('/v1/') && method !== 'HEAD')
    .map(({ method, path }) => `${method} ${path}`);
  expect(clientRoutes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(served.sort());
  expect(operations()).toHaveLength(served.length);
});

test('a body is described by the schema that it is read with', () => {
  const { controllers = [] } = createGatewayModule({} as GatewayModuleParts);
  const read = controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const marks = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<string, object>;
      return Object.values(marks).flatMap((mark) => ('schema' in mark && mark.schema ? [mark.schema] : []));
    }),
  );
  const bodies = clientRoutes.filter(({ body }) => body !== undefined);
  expect(bodies.length).toBeGreaterThan(10);
  for (const { operation, body } of bodies) expect([operation, read.includes(body ?? {})]).toEqual([operation, true]);
});

test('it is JSON to whoever asks', async () => {
  const { headers } = await gateway.send(undefined, '/openapi.json');
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
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

test('every operation says that it needs a key and what it may refuse with, in our shape of errors', () => {
  expect(document.security).toEqual([{ apiKey: [] }]);
  for (const [, , { operationId, responses, tags }] of operations()) {
    const statuses = Object.keys(responses);
    expect([operationId, statuses]).toEqual([operationId, expect.arrayContaining(['401', '429', '500', '503'])]);
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(tags));
    for (const [status, { content }] of Object.entries(responses))
      if (Number(status) >= 400)
        expect(content).toEqual({ 'application/json': { schema: { $ref: '#/components/schemas/Error' } } });
  }
});

test('the page takes every file from the gateway, and its policy allows no script or connection elsewhere', async () => {
  const answer = await gateway.send(undefined, '/docs');
  expect(answer.status).toBe(200);
  const policy = answer.headers.get('content-security-policy');
  expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self';.*connect-src 'self';/);
  expect(policy).not.toContain('unsafe');
  const page = await answer.text();
  expect(page).not.toMatch(/https?:|<script>|<style>| on\w+=/);
  const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const { status, headers } = await gateway.send(undefined, `/${file}`);
    expect([file, status, headers.get('content-type')]).toEqual([
      file,
      200,
      expect.stringMatching(/^(text\/(css|javascript); charset=utf-8|image\/png)$/),
    ]);
  }
});

test('no other file of the page’s package or of the machine can be had', async () => {
  for (const name of ['package.json', 'index.html', '..%2fpackage.json', 'constructor', '__proto__'])
    expect([name, (await gateway.send(undefined, `/docs/${name}`)).status]).toEqual([name, 404]);
});

test('the page is reached with a slash behind it as well, from where its own addresses lead', async () => {
  const redirected = await fetch(`${gateway.url}/docs/?a=1`, { redirect: 'manual' });
  expect([redirected.status, redirected.headers.get('location')]).toEqual([308, '../docs']);
  const reached = await gateway.send(undefined, '/docs/');
  expect([reached.status, new URL(reached.url).pathname]).toEqual([200, '/docs']);
});
