/** The description of `/v1` as whoever reads it finds it. */
import { getModel } from '../models.js';
import { clientRoutes } from './client-routes.js';
import { describeClientApi } from './describe-client-api.js';

const document = describeClientApi({ routes: clientRoutes, version: '1.2.3', serverUrl: 'https://video.example' });
const operation = (path: string, method: string) => document.paths[path]?.[method];

test('every body in JSON has an example, which its own schema and the catalogue of models accept', () => {
  const routes = clientRoutes.filter(({ body, forms = ['json'] }) => body && forms.includes('json'));
  expect(routes.length).toBeGreaterThan(10);
  for (const { operation: name, body, example } of routes) {
    const { success, error } = body?.safeParse(example) ?? {};
    expect([name, success, error]).toEqual([name, true, undefined]);
    const { model } = example as { model?: string };
    if (model !== undefined) expect(getModel(model)).toBeDefined();
  }
});

test('a body that is a form as well has its files as files there, and as what names them in JSON', () => {
  const { content = {} } = operation('/v1/videos', 'post')?.requestBody ?? {};
  expect(content['multipart/form-data']?.schema.properties?.input_reference).toEqual({
    type: 'string',
    format: 'binary',
  });
  const names = JSON.stringify(content['application/json']?.schema.properties?.input_reference);
  for (const part of ['image_url', 'file_id', 'data URI']) expect(names).toContain(part);
  expect(operation('/v1/files', 'post')?.requestBody?.content).not.toHaveProperty('application/json');
});

test('a text that may be too long for a text is a text to whoever sends it', () => {
  const { content = {} } = operation('/v1/videos', 'post')?.requestBody ?? {};
  expect(content['application/json']?.schema.properties?.prompt).toEqual({ type: 'string', minLength: 1 });
});

test('errors stand under their statuses, with the codes that a route can have and no other', () => {
  const refusals = (path: string, method: string, status: number) =>
    operation(path, method)?.responses[status]?.description;
  expect(refusals('/v1/videos/{id}', 'get', 404)).toBe('`not_found`');
  expect(refusals('/v1/videos/{id}/content', 'get', 404)).toBe('`video_not_ready`, `variant_unavailable`, `not_found`');
  expect(refusals('/v1/videos', 'post', 422)).toBe('`idempotency_key_reused`');
  expect(refusals('/v1/models', 'get', 422)).toBeUndefined();
  expect(JSON.stringify(document)).not.toMatch(/credential_unavailable|unauthorized_internal/);
});

test('what is answered may gain fields: no answer is closed to them', () => {
  expect(document.components.schemas).toHaveProperty(
    'Video.required',
    expect.arrayContaining(['remixed_from_video_id']),
  );
  expect(JSON.stringify(document.components.schemas)).not.toContain('"additionalProperties":false');
});
