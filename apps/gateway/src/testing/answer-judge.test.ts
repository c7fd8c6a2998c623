/** What the judge of all tests' answers lets pass, and what it does not. */
import { AppError, type ErrorCode, toErrorBody } from '@reelay/contracts/errors';
import Fastify, { type FastifyReply } from 'fastify';
import { AnswerJudge } from './answer-judge.js';

const model = {
  id: 'sora2-landscape-10s',
  object: 'model',
  created: 1,
  owned_by: 'reelay',
  description: 'A video',
  kind: 'video',
  workflow: 'video',
  orientation: 'landscape',
  size: '640x360',
  seconds: 10,
  frames: 300,
  plan: 'any',
  styles: [],
  references: { images: 1, videos: 0 },
  remix: true,
  storyboard: true,
  extends: false,
  enhance: null,
  simulated: true,
};
const list = (...data: object[]) => ({ object: 'list', data });
const event = { generation_id: 'video_1', seq: 1, type: 'generation.queued' };
const error = (code: ErrorCode) => toErrorBody(new AppError(code, 'no'));
const { simulated: _, ...incomplete } = model;

/** What the judge says of one answer, sent by whatever means. */
async function verdictOn(answer: (reply: FastifyReply) => unknown, { method = 'GET', url = '/v1/models' } = {}) {
  const [server, judge] = [Fastify(), new AnswerJudge()];
  judge.watch(server);
  server.setNotFoundHandler((_request, reply) => void answer(reply));
  server.get('/v1/models', (_request, reply) => void answer(reply));
  server.get('/v1/generations/:id/events', (_request, reply) => void answer(reply));
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  const given = await fetch(address + url, { method });
  await given.text();
  await server.close();
  try {
    judge.check();
    return '';
  } catch (problem) {
    return String(problem);
  }
}

const json = (status: number, body: unknown) => (reply: FastifyReply) => void reply.code(status).send(body);
const stream = (text: string) => (reply: FastifyReply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  reply.raw.write(text.slice(0, 10));
  reply.raw.end(text.slice(10));
};
const events = { url: '/v1/generations/video_1/events' };

test('an answer as described passes, an error of the route too', async () => {
  expect(await verdictOn(json(200, list(model, model)))).toBe('');
  expect(await verdictOn(json(200, list()), { method: 'HEAD' })).toBe('');
  expect(await verdictOn(json(404, error('not_found')), events)).toBe('');
  expect(await verdictOn(json(404, error('route_not_found')), { url: '/v1/nothing' })).toBe('');
  expect(await verdictOn(json(200, list(model)), { url: '/v1/nothing' })).toMatch(/status 200 is not described/);
});

test.each<[string, number, unknown, RegExp]>([
  ['a key that is missing', 200, list(incomplete), /data\.0\.simulated: /],
  ['a key that nobody described', 200, list({ ...model, secret: 1 }), /data\.0\.secret is not described/],
  ['a key inside a key', 200, list({ ...model, references: { images: 1, videos: 0, more: 1 } }), /references\.more/],
  ['a value of another type', 200, list({ ...model, created: '1' }), /data\.0\.created: /],
  ['a status that nobody described', 201, list(model), /status 201 is not described/],
  ['an error that the route does not have', 403, error('model_not_allowed'), /status 403 is not described/],
  ['an error under a status that is not its own', 400, error('not_found'), /"not_found" does not belong/],
  ['an error of another shape', 500, { statusCode: 500, error: 'Internal Server Error', message: 'x' }, /error: /],
  ['text where JSON is described', 200, 'models', /it is text\/plain/],
])('%s does not pass', async (_name, status, body, verdict) => {
  expect(await verdictOn(json(status, body))).toMatch(verdict);
});

test('every event of a stream is looked at, also where the framework has let go of the answer', async () => {
  const line = (data: object) => `id: 1\nevent: x\ndata: ${JSON.stringify(data)}\n\n`;
  expect(await verdictOn(stream(`: hello\n\n${line(event)}${line(error('invalid_value'))}`), events)).toBe('');
  expect(await verdictOn(stream(line(event) + line({ ...event, more: 1 })), events)).toMatch(/more is not described/);
  expect(await verdictOn(stream(line(event)))).toMatch(/it is a stream/);
});

test('what is no answer of /v1 is nobody’s concern here', async () => {
  expect(await verdictOn(json(200, {}), { url: '/healthz' })).toBe('');
});
