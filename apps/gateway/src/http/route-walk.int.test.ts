/** Along every route that `/v1` is said to have: closed to strangers under every spelling, and blind to what belongs to somebody else. */
import http from 'node:http';
import { characterId } from '@reelay/contracts/ids';
import type { ClientRoute } from '@reelay/contracts/openai-api/client-route';
import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { createTestDatabase, type TestDatabase } from '@reelay/testing/database';
import { openTestRedis, type TestRedis } from '@reelay/testing/redis';
import { succeed } from '../testing/play-worker.js';
import { sampleMp4, samplePng } from '../testing/sample-media.js';
import { type SendRequest, startTestGateway, type TestGateway } from '../testing/test-gateway.js';

let testDatabase: TestDatabase;
let redis: TestRedis;
let gateway: TestGateway;
let owner: string;
let stranger: string;

beforeAll(async () => {
  [testDatabase, redis] = await Promise.all([createTestDatabase(), openTestRedis()]);
  gateway = await startTestGateway({
    ...{ databaseUrl: testDatabase.url, redisUrl: redis.url, redisPrefix: redis.prefix },
    settings: { 'generation.waitMs': 50 },
    // Nothing listens there: what is to be sent is only written down.
    configuration: { FETCH_ALLOW: ['127.0.0.1:9'] },
  });
  [owner, stranger] = await Promise.all([gateway.newClient(), gateway.newClient()]);
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([testDatabase.drop(), redis.close()]);
});

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
const plainPath = ({ path }: ClientRoute, id = unknownId) => path.replace(/:\w+|\*/g, id);

/** The same door under every name that somebody might try. */
const spellings = (path: string) => [
  path.replace('/v1/', '//v1/'),
  path.replace('/v1/', '/v1//'),
  `${path}/`,
  path.toUpperCase(),
  path.replace('v1', 'V1'),
  path.replace('v1', '%761'),
  path.replace('/v1/', '/v1%2f'),
  path.replace('/v1/', '/./v1/'),
  path.replace(/[a-z]$/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  `${path};a=1`,
];

describe.each(clientRoutes.map((route): [string, ClientRoute] => [`${route.method} ${route.path}`, route]))(
  '%s',
  (_, route) => {
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];

    test('answers 401 to who has no key or a wrong one, whatever is asked of it', async () => {
      for (const method of methods)
        for (const path of [plainPath(route), `${plainPath(route)}?api_key=${owner}`])
          for (const key of [undefined, 'rly_nobody-has-this-key', ''])
            expect([path, await ask(method, path, key)]).toEqual([
              path,
              {
                status: 401,
                code: method === 'HEAD' ? undefined : 'invalid_api_key',
                challenge: 'Bearer',
              },
            ]);
    });

    test('is the same closed door under another spelling of its path, or no door to anybody', async () => {
      for (const method of methods)
        for (const path of spellings(plainPath(route))) {
          const { status } = await ask(method, path);
          if (status === 401) continue;
          // No door, or another one (`/v1/videos/edits;a=1` is an id): whoever has a key finds nothing behind it either.
          const withKey = await ask(method, path, owner);
          expect([method, path, [404, 405].includes(status), withKey.status]).toEqual([method, path, true, status]);
        }
    });
  },
);

interface Things {
  video: string;
  character: string;
  file: string;
  endpoint: string;
  delivery: string;
}

/** One of each, made as a client makes them. */
async function makeThings(): Promise<Things> {
  const make = async (path: string, request: object) => {
    const answer = await gateway.send(owner, path, request);
    return (await answer.json()) as { id: string; error?: { generation_id: string } };
  };
  const hook = { name: 'mine', url: 'http://127.0.0.1:9/hook', event_types: ['video.completed'] };
  const { id: endpoint } = await make('/v1/webhook_endpoints', { json: hook });
  const { id: video } = await make('/v1/videos', { json: { prompt: 'a paper boat' } });
  await succeed(gateway, video.replace('video_', ''));
  const log = await gateway.send(owner, `/v1/webhook_endpoints/${endpoint}/deliveries`);
  const [delivery] = ((await log.json()) as { data: { id: string }[] }).data;
  const form = new FormData();
  form.set('purpose', 'vision');
  form.set('file', new Blob([samplePng(32, 18)]), 'boat.png');
  const { id: file } = await make('/v1/files', { body: form });
  const face = `data:video/mp4;base64,${sampleMp4(2_000).toString('base64')}`;
  // It is not waited for: the error names it.
  const { error } = await make('/v1/videos/characters', { json: { name: 'Moss', video: face } });
  const character = characterId(error?.generation_id.replace('video_', '') ?? '');
  return { video, character, file, endpoint, delivery: delivery?.id ?? '' };
}

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

/** Requests that name things elsewhere than in the path. */
const namedElsewhere = ({ video, character, file, endpoint, delivery }: Things): [string, object?][] => {
  const prompt = 'a paper boat';
  const content = [
    { type: 'text', text: prompt },
    { type: 'file', file: { file_id: file } },
  ];
  return [
    ['/v1/videos', { prompt, input_reference: { file_id: file } }],
    ['/v1/videos', { prompt, characters: [{ id: character }] }],
    ['/v1/videos/extensions', { prompt, video: { id: video } }],
    ['/v1/videos/edits', { prompt, video: { id: video } }],
    ['/v1/videos/characters', { name: 'Rex', video: { id: video } }],
    ['/v1/images/edits', { prompt, images: [{ file_id: file }] }],
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

/** Status and error, with the id itself (with its prefix or without) taken out of its sentence. */
async function refusalOf(key: string, path: string, request: SendRequest, things: Things) {
  const answer = await gateway.send(key, path, request);
  const ids = Object.values(things);
  const written = [...ids, ...ids.map((id) => id.replace(/^\w+_/, ''))];
  const text = written.reduce((shown, id) => shown.replaceAll(id, 'the id'), await answer.text());
  return { status: answer.status, code: (JSON.parse(text) as { error?: { code: string } }).error?.code, text };
}

test('what belongs to somebody else is to its stranger what never was, on every route and in every field that takes an id', async () => {
  const things = await makeThings();
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
  for (const [index, [path, json]] of namedElsewhere(things).entries()) {
    const refusal = await refusalOf(stranger, path, json ? { json } : {}, things);
    // In these lists it is no more than a place in the order of ids, whosever they are.
    if (!/^\/v1\/(files|webhook_endpoints)\?after=/.test(path))
      expect([path, json, refusal.status, refusal.code]).toEqual([path, json, 404, 'not_found']);
    const [unknownPath, unknownJson] = unknown[index] ?? [''];
    expect(refusal).toEqual(await refusalOf(stranger, unknownPath, unknownJson ? { json: unknownJson } : {}, nobodys));
  }
  // All of it is there, and nothing has happened to it.
  for (const route of takingIds.filter(({ method }) => method === 'GET')) {
    const { status } = await gateway.send(owner, pathTo(route, things), { method: 'HEAD' });
    expect([route.operation, status]).toEqual([route.operation, 200]);
  }
});
