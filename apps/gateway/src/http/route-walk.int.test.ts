/** Along every route that there is said to be: closed to strangers under every spelling, and in `/v1` blind to what belongs to somebody else. */
import http from 'node:http';
import { adminRoutes } from '@reelay/contracts/admin-api/admin-routes';
import type { ClientRoute } from '@reelay/contracts/openai-api/client-route';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { describeClientApi } from '@reelay/contracts/openai-api/describe-client-api';
import { makeThings, type Things } from '../testing/make-things.js';
import { openTestGateway, type SendRequest, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let owner: string;
let stranger: string;

beforeAll(async () => {
  gateway = await openTestGateway({
    settings: { 'generation.waitMs': 50 },
    // Nothing listens there: what is to be sent is only written down.
    configuration: { FETCH_ALLOW: ['127.0.0.1:9'] },
  });
  [owner, stranger] = await Promise.all([gateway.newClient(), gateway.newClient()]);
});

afterAll(() => gateway.close());

interface Answer {
  status: number;
  code: string | undefined;
  challenge: string | undefined;
}

/** As a path is sent: fetch would tidy it up. */
function ask(method: string, path: string, key?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url);
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const request = http.request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const body = (text === '' ? {} : JSON.parse(text)) as { error?: { code: string } };
        const { statusCode: status = 0, headers: given } = response;
        resolve({ status, code: body.error?.code, challenge: given['www-authenticate'] });
      });
    });
    request.on('error', reject).end();
  });
}

const unknownId = 'video_01J00000000000000000000000';
const plainPath = ({ path }: { path: string }, id = unknownId) => path.replace(/:\w+|\*/g, id);

/** The same door under every name that somebody might try. */
const spellings = (path: string) => [
  `/${path}`,
  path.replace(/(?<=.)\//, '//'),
  `${path}/`,
  path.toUpperCase(),
  path.replace(/^\/[a-z]/, (start) => start.toUpperCase()),
  path.replace(/^\/[a-z]/, (start) => `/%${start.charCodeAt(1).toString(16)}`),
  path.replace(/(?<=.)\//, '%2f'),
  `/.${path}`,
  path.replace(/[a-z]$/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  `${path};a=1`,
];

const walked = [
  ...clientRoutes.map(({ method, path }) => ({ method, path, key: () => owner, anotherKey: () => gateway.adminKey })),
  ...adminRoutes.map(({ method, path }) => ({ method, path, key: () => gateway.adminKey, anotherKey: () => owner })),
];

describe.each(walked.map((route): [string, (typeof walked)[number]] => [`${route.method} ${route.path}`, route]))(
  '%s',
  (_, route) => {
    const methods = [...new Set(['GET', 'HEAD', route.method])];

    test('answers 401 to who has no key or a wrong one, whatever is asked of it', async () => {
      for (const method of methods)
        for (const path of [plainPath(route), `${plainPath(route)}?api_key=${owner}`])
          for (const key of [undefined, 'rly_nobody-has-this-key', '', route.anotherKey()])
            expect([path, await ask(method, path, key)]).toEqual([
              path,
              {
                status: 401,
                code: method === 'HEAD' ? undefined : 'invalid_api_key',
                challenge: 'Bearer',
              },
            ]);
    });

    test('is the same closed door under another spelling of its path, whether there is anything behind it or not', async () => {
      for (const method of [...methods, 'OPTIONS', 'TRACE'])
        for (const path of spellings(plainPath(route)))
          expect([method, path, (await ask(method, path)).status]).toEqual([method, path, 401]);
    });
  },
);

/** Which of them a route takes. A new route that takes an id finds none here, and the test fails until it does. */
function pathTo({ path }: ClientRoute, things: Things): string {
  const { video, character, file, endpoint, delivery } = things;
  const ids = {
    ...{ '/v1/videos/characters/:id': character, '/v1/videos/:id': video, '/v1/generations/:id': video },
    ...{ '/v1/files/:id': file, '/v1/webhook_endpoints/:id': endpoint },
  };
  const [, id] = Object.entries(ids).find(([beginning]) => path.startsWith(beginning)) ?? [];
  return path.replace(':id', id ?? '').replace(':delivery', delivery);
}

const nobodys: Things = {
  ...{ video: unknownId, character: 'char_01J00000000000000000000000', file: 'file-01J00000000000000000000000' },
  ...{ endpoint: 'whe_01J00000000000000000000000', delivery: `whd_${'0'.repeat(32)}` },
};

const bodies: Readonly<Record<string, object>> = {
  remixVideo: { prompt: 'at night' },
  testWebhookEndpoint: { event_type: 'video.completed' },
};

/** Requests that name things elsewhere than in the path, and their refusal where it is not that there is no such thing. */
const namedElsewhere = ({ video, character, file, endpoint, delivery }: Things): [string, object?, string?][] => {
  const prompt = 'a paper boat';
  const content = [
    { type: 'text', text: prompt },
    { type: 'file', file: { file_id: file } },
  ];
  return [
    ['/v1/videos', { prompt, input_reference: { file_id: file } }],
    ['/v1/videos', { prompt, characters: [{ id: character }] }],
    ['/v1/videos/extensions', { prompt, video: { id: video } }],
    ['/v1/videos/extensions', { prompt, video: { file_id: file } }, 'not_supported_by_model'],
    ['/v1/videos/edits', { prompt, video: { id: video } }],
    ['/v1/videos/edits', { prompt, video: { file_id: file } }, 'not_supported_by_model'],
    ['/v1/videos/characters', { name: 'Rex', video: { id: video } }],
    ['/v1/videos/characters', { name: 'Rex', video: { file_id: file } }],
    ['/v1/images/edits', { prompt, images: [{ file_id: file }] }],
    ['/v1/images/edits', { prompt, image: { file_id: file } }],
    ['/v1/chat/completions', { model: 'sora2-landscape-10s', messages: [{ role: 'user', content }] }],
    [
      '/v1/chat/completions',
      { model: 'sora2-landscape-10s', messages: [{ role: 'user', content: prompt }], remix_target_id: video },
    ],
    [`/v1/videos?after=${video}`],
    [`/v1/generations?after=${video}`],
    [`/v1/files?after=${file}`],
    [`/v1/webhook_endpoints?after=${endpoint}`],
    [`/v1/webhook_endpoints/${endpoint}/deliveries?after=${delivery}`],
  ];
};

/** Names of the fields of a body or query, however deep, that name a thing. */
function idFieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, inner]) => [
    ...(/^(id|\w+_id|after)$/.test(name) && typeof inner === 'object' ? [name] : []),
    ...idFieldsOf(inner),
  ]);
}

test('every field that takes an id, by the description of the API, is among those that are tried below', () => {
  const document = describeClientApi({ routes: clientRoutes, version: '1', serverUrl: 'http://x' });
  const tried = namedElsewhere(nobodys).map(([path, json]) => [
    // A query has its names before the sign, a body has them in quotes.
    path.replace(/\/whe_\w+\//, '/{id}/').split('?')[0],
    `${path.split('?')[1] ?? ''}${JSON.stringify(json ?? {})}`,
  ]);
  const untried = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.values(byMethod).flatMap(({ operationId, parameters, requestBody }) => {
      const inQuery = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => ({ [name]: {} }));
      // Of an event, that is its number.
      const names = operationId === 'followGeneration' ? [] : idFieldsOf([...inQuery, requestBody?.content]);
      const isTried = (name: string) =>
        tried.some(([to, text]) => to === path && new RegExp(`\\b${name}["=]`).test(text ?? ''));
      return names.filter((name) => !isTried(name)).map((name) => `${operationId} ${name}`);
    }),
  );
  expect(untried).toEqual([]);
});

/** Status and error, with the id itself (with its prefix or without) taken out of its sentence. */
async function refusalOf(key: string, path: string, request: SendRequest, things: Things) {
  const answer = await gateway.send(key, path, request);
  const ids = Object.values(things);
  const written = [...ids, ...ids.map((id) => id.replace(/^\w+_/, ''))];
  const text = written.reduce((shown, id) => shown.replaceAll(id, 'the id'), await answer.text());
  return { status: answer.status, code: (JSON.parse(text) as { error?: { code: string } }).error?.code, text };
}

test('what belongs to somebody else is to its stranger what never was, on every route and in every field that takes an id', async () => {
  const things = await makeThings(gateway, owner);
  for (const [name, id] of Object.entries(things)) expect([name, id]).toEqual([name, expect.stringMatching(/\w{20}/)]);
  const takingIds = clientRoutes.filter(({ path }) => path.includes(':'));
  expect(takingIds.length).toBeGreaterThan(15);
  for (const route of takingIds) {
    const json = bodies[route.operation];
    const request = { method: route.method, ...(json ? { json } : {}) };
    const refusal = await refusalOf(stranger, pathTo(route, things), request, things);
    expect([route.operation, refusal.status, refusal.code]).toEqual([route.operation, 404, 'not_found']);
    expect(refusal).toEqual(await refusalOf(stranger, pathTo(route, nobodys), request, nobodys));
    if (route.method === 'GET')
      expect([route.operation, (await ask('HEAD', pathTo(route, things), stranger)).status]).toEqual([
        ...[route.operation, 404],
      ]);
  }
  const unknown = namedElsewhere(nobodys);
  for (const [index, [path, json, code = 'not_found']] of namedElsewhere(things).entries()) {
    const refusal = await refusalOf(stranger, path, json ? { json } : {}, things);
    // In these lists it is no more than a place in the order of ids, whosever they are.
    if (!/^\/v1\/(files|webhook_endpoints)\?after=/.test(path)) {
      const status = code === 'not_found' ? 404 : 400;
      expect([path, json, refusal.status, refusal.code]).toEqual([path, json, status, code]);
    }
    const [unknownPath, unknownJson] = unknown[index] ?? [''];
    expect(refusal).toEqual(await refusalOf(stranger, unknownPath, unknownJson ? { json: unknownJson } : {}, nobodys));
  }
  // All of it is there, and nothing has happened to it.
  for (const route of takingIds.filter(({ method }) => method === 'GET')) {
    const { status } = await gateway.send(owner, pathTo(route, things), { method: 'HEAD' });
    expect([route.operation, status]).toEqual([route.operation, 200]);
  }
});
