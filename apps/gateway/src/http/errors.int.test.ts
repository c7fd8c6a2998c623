import net from 'node:net';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.js';

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await openTestGateway();
  key = await gateway.newClient();
});

afterAll(() => gateway.close());

interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

async function expectError(response: Response, status: number, code: string): Promise<ErrorBody['error']> {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-request-id')).toBeTruthy();
  const { error } = JSON.parse(text) as ErrorBody;
  expect(Object.keys(error).slice(0, 4)).toEqual(['message', 'type', 'param', 'code']);
  return error;
}

const json = { 'content-type': 'application/json' };
const chat = '/v1/chat/completions';
const videos = '/v1/videos';

describe('a body that cannot be read is told so in the shape SDKs read', () => {
  test.each<[string, string, string | undefined, Record<string, string>, number, string]>([
    ['no body', chat, '', json, 400, 'invalid_json'],
    ['half an object', chat, '{"model":', json, 400, 'invalid_json'],
    ['an HTML page', chat, '<html>', json, 400, 'invalid_json'],
    ['a list', chat, '[]', json, 400, 'invalid_request'],
    ['a number', videos, '7', json, 400, 'invalid_request'],
    ['null', videos, 'null', json, 400, 'invalid_request'],
    ['a form', chat, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['plain text', videos, 'x', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'a multipart form for chat',
      chat,
      'x',
      { 'content-type': 'multipart/form-data; boundary=x' },
      415,
      'unsupported_media_type',
    ],
    ['an unreadable content type', videos, 'x', { 'content-type': ';;;' }, 415, 'unsupported_media_type'],
    ['a packed body', videos, '{}', { ...json, 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['a form without boundary', videos, 'x', { 'content-type': 'multipart/form-data' }, 400, 'invalid_request'],
    [
      'a form that ends too early',
      videos,
      '--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na',
      { 'content-type': 'multipart/form-data; boundary=x' },
      400,
      'invalid_request',
    ],
    [
      'a form that is none',
      videos,
      'hello',
      { 'content-type': 'multipart/form-data; boundary=x' },
      400,
      'invalid_request',
    ],
  ])('%s', async (_, path, body, headers, status, code) => {
    await expectError(await gateway.send(key, path, { method: 'POST', body, headers }), status, code);
  });

  test('text that is not UTF-8', async () => {
    const body = Buffer.from('{"model":"\xff"}', 'latin1');
    await expectError(await gateway.send(key, chat, { body, headers: json }), 400, 'invalid_json');
  });

  test('a form with a prompt that is a book, and one with too many fields', async () => {
    const large = new FormData();
    large.set('prompt', 'x'.repeat(1024 * 1024 + 1));
    const { param } = await expectError(await gateway.send(key, videos, { body: large }), 400, 'invalid_value');
    expect(param).toBe('prompt');
    const many = new FormData();
    for (let index = 0; index < 100; index += 1) many.append(`field${index}`, 'x');
    await expectError(await gateway.send(key, videos, { body: many }), 413, 'request_too_large');
  });

  test.each([
    ['a request for media', chat, 35],
    ['any other', '/api/admin/tokens', 1],
  ])('a body larger than %s may have, announced or in pieces, with the limit named', async (_, path, mebibytes) => {
    const url = new URL(gateway.url);
    const authorization = `Bearer ${path === chat ? key : gateway.adminKey}`;
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
    const refusal = new RegExp(`^HTTP/1.1 413 .*at most ${mebibytes} MiB.*"code":"request_too_large"`, 's');
    const announced = net.connect(Number(url.port), '127.0.0.1');
    announced.write(`${head}Content-Length: ${(mebibytes << 20) + 1}\r\n\r\n{`);
    expect(await firstAnswer(announced)).toMatch(refusal);
    announced.destroy();
    const inPieces = net.connect(Number(url.port), '127.0.0.1');
    const answer = firstAnswer(inPieces);
    inPieces.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    const piece = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    for (let index = 0; index <= mebibytes; index += 1) inPieces.write(piece);
    expect(await answer).toMatch(refusal);
    inPieces.destroy();
  });
});

describe('a path or method that does not exist', () => {
  test.each([
    ['GET', '/nope', 404, 'route_not_found'],
    ['POST', '/v1', 404, 'route_not_found'],
    ['GET', '/v1/models/none/', 404, 'model_not_found'],
    ['GET', '/v1/chat/completions', 405, 'method_not_allowed'],
    ['DELETE', '/v1/models', 405, 'method_not_allowed'],
    ['PUT', '/v1/videos', 405, 'method_not_allowed'],
    ['OPTIONS', '/v1/videos', 405, 'method_not_allowed'],
    ['PATCH', '/healthz', 405, 'method_not_allowed'],
    ['QUERY', '/v1/videos', 405, 'method_not_allowed'],
    ['QUERY', '/v1/nope', 404, 'route_not_found'],
    ['GET', '/v1/models/%zz', 400, 'invalid_request'],
    ['GET', `/v1/videos/${'x'.repeat(300)}`, 404, 'route_not_found'],
  ])('%s %s', async (method, path, status, codes) => {
    const response = await gateway.send(key, path, { method });
    const body = (await response.clone().json()) as ErrorBody;
    expect(codes.split('|')).toContain(body.error.code);
    await expectError(response, status, body.error.code);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/^[A-Z, ]+$/);
  });
});

test.each([
  ['POST', '/v1/nope', 404, 'route_not_found'],
  ['PUT', '/v1/videos', 405, 'method_not_allowed'],
])('%s %s of no readable type', async (method, path, status, code) => {
  const headers = { 'content-type': ';;;' };
  await expectError(await gateway.send(key, path, { method, body: 'x', headers }), status, code);
});

describe('what is not even HTTP', () => {
  const talk = async (text: string): Promise<string> => {
    const socket = net.connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(text);
    const answer = await firstAnswer(socket);
    socket.destroy();
    return answer;
  };

  test.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['headers beyond all measure', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 413],
    ['a request without a host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ])('%s', async (_, text, status) => {
    expect(await talk(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('gets our kind of body where the parser gives up', async () => {
    const answer = await talk('hello\r\n\r\n');
    expect(answer).toMatch(/x-request-id: req_/i);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      error: { code: 'invalid_request', param: null },
    });
  });
});

test('an expectation that nobody knows is passed over, and the request answered', async () => {
  const socket = net.connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\nExpect: something\r\n\r\n');
  expect(await firstAnswer(socket)).toMatch(/^HTTP\/1.1 401 .*"code":"invalid_api_key"/s);
  socket.destroy();
});

test.each([
  ['client', '/v1/files?purpose=%00', 400],
  ['client', '/v1/files/file-%00', 404],
  ['client', '/v1/models/a%00b', 404],
  ['admin', '/api/admin/api-keys/a%00b', 404],
  ['admin', '/api/admin/tokens/a%00b/statistics', 404],
  ['admin', '/api/admin/api-keys/a%00b/usage', 404],
])('a NUL in an id or query of the %s’s %s is the client’s mistake', async (audience, path, status) => {
  const answer = await gateway.send(audience === 'admin' ? gateway.adminKey : key, path);
  await expectError(answer, status, status === 404 ? 'not_found' : 'invalid_value');
});

test('a request id is taken over, made where it is not sane, and stands on the log lines', async () => {
  const taken = await gateway.send(key, '/v1/models', { headers: { 'x-request-id': 'mine-1' } });
  expect(taken.headers.get('x-request-id')).toBe('mine-1');
  const made = await gateway.send(key, '/v1/models', { headers: { 'x-request-id': 'not sane' } });
  expect(made.headers.get('x-request-id')).toMatch(/^req_/);
  expect(gateway.logLines.some((line) => line.includes('"requestId":"mine-1"'))).toBe(true);
});

test('no key and no signature ever stands in the log', async () => {
  await gateway.send(key, '/media/x.mp4?expires=1&signature=hush-hush');
  await gateway.send('wrong-key-hush-hush', '/v1/models');
  expect(gateway.logLines.join('')).not.toMatch(new RegExp(`${key}|hush-hush`));
});

function firstAnswer(socket: net.Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('close', () => resolve(text));
    socket.on('data', (data) => {
      text += data;
      if (/\r\n\r\n.*\}$/s.test(text)) resolve(text);
    });
  });
}
