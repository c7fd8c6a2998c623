import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import { AppError, errorRegistry, isAppError } from '@reelay/contracts/errors';
import { StorageError } from '@reelay/platform/storage';
import { errorCodes } from 'fastify';
import { answerError } from './error-answer.js';
import { toAppError } from './to-app-error.js';

const raw = (code: string) => Object.assign(new Error(`Raw query failed. Code: ${code}`), { code });
const prisma = (originalCode: string) =>
  Object.assign(new Error('Raw query failed'), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { originalCode } } },
  });
const prismaKind = (kind: string) =>
  Object.assign(new Error("Can't reach database"), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { kind } } },
  });

/** What is thrown → code and status the client gets. */
const table: [string, unknown, string, number][] = [
  ['our own error', new AppError('model_not_found', 'No.'), 'model_not_found', 404],
  ['an unknown route', new NotFoundException('Cannot GET /nope'), 'route_not_found', 404],
  ["Nest's refusal of a body", new BadRequestException(['a', 'b']), 'invalid_request', 400],
  ['an unknown client error of Nest', new HttpException('teapot', 418), 'invalid_request', 400],
  ['a server error of Nest', new HttpException('secret', 502), 'internal_error', 500],
  ['a body too large for Fastify', new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(), 'request_too_large', 413],
  [
    'a media type Fastify cannot read',
    new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE('x'),
    'unsupported_media_type',
    415,
  ],
  ['a wrong Content-Length', new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH(), 'invalid_request', 400],
  ['a QUERY of no type', new errorCodes.FST_ERR_ROUTE_MISSING_CONTENT_TYPE('QUERY'), 'route_not_found', 404],
  ['a malformed path', new errorCodes.FST_ERR_BAD_URL('/%zz'), 'invalid_request', 400],
  [
    "Fastify's error inside Nest's",
    new HttpException('x', 413, { cause: new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE() }),
    'request_too_large',
    413,
  ],
  ['a plain object with a status', { statusCode: 415, message: 'x' }, 'unsupported_media_type', 415],
  ['a missing file', new StorageError('not_found', 'x'), 'not_found', 404],
  ['a bad storage key', new StorageError('invalid_key', 'x'), 'internal_error', 500],
  ['a bucket that cannot be reached', new StorageError('unavailable', 'x'), 'service_unavailable', 503],
  ['Postgres refusing connections', prismaKind('DatabaseNotReachable'), 'service_unavailable', 503],
  ['Postgres cutting a connection', prismaKind('ConnectionClosed'), 'service_unavailable', 503],
  ['Postgres shutting down', prisma('57P01'), 'service_unavailable', 503],
  ['Postgres starting up', raw('57P03'), 'service_unavailable', 503],
  ['Postgres without free connections', prisma('53300'), 'service_unavailable', 503],
  ['a statement that took too long', prisma('57014'), 'service_unavailable', 503],
  ['a lock that was not given', prisma('55P03'), 'service_unavailable', 503],
  ['an exhausted pool', Object.assign(new Error('x'), { code: 'P2024' }), 'service_unavailable', 503],
  ['a statement that is wrong', prisma('42601'), 'internal_error', 500],
  ['a broken promise of the code', new TypeError('undefined is not a function'), 'internal_error', 500],
  ['a thrown text', 'boom', 'internal_error', 500],
  ['nothing at all', undefined, 'internal_error', 500],
];

test.each(table)('%s becomes its code and status', (_, thrown, code, status) => {
  const error = toAppError(thrown);
  expect(isAppError(error)).toBe(true);
  const answer = answerError(error, 'req_1');
  expect([answer.body.error.code, answer.status]).toEqual([code, status]);
  expect(Object.keys(answer.body.error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']));
});

test('what was not meant for clients never reaches one', () => {
  for (const secret of [new Error('password=hunter2'), new HttpException('hunter2', 500), prisma('42P01')]) {
    expect(JSON.stringify(answerError(toAppError(secret), 'req_1'))).not.toMatch(/hunter2|Raw query/);
  }
});

test('an internal error names the request id under which the log has the rest', () => {
  const { body } = answerError(toAppError(new Error('x')), 'req_42');
  expect(body.error.message).toContain('req_42');
  expect(body.error.request_id).toBe('req_42');
});

describe('SDKs are told whether and when to repeat', () => {
  const headersOf = (error: AppError) => answerError(error, 'req_1').headers;

  test.each(Object.entries(errorRegistry).filter(([, { public: isPublic }]) => isPublic))(
    '%s says it wherever a status would let them guess',
    (code, { status, retry }) => {
      const headers = headersOf(new AppError(code as keyof typeof errorRegistry, 'x'));
      if (status === 429 || status >= 500) expect(headers['x-should-retry']).toBe(String(retry));
      else expect(headers['x-should-retry']).toBeUndefined();
      if (retry && (status === 429 || status > 500)) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      else expect(headers['retry-after']).toBeUndefined();
    },
  );

  test('a hint stays between 1 and 60 s, where both SDKs obey it', () => {
    expect(headersOf(new AppError('still_running', 'x', { retryAfterMs: 1_000 }))['retry-after']).toBe('1');
    expect(headersOf(new AppError('service_unavailable', 'x', { retryAfterMs: 1 }))['retry-after']).toBe('1');
    expect(headersOf(new AppError('service_unavailable', 'x', { retryAfterMs: 3_600_000 }))['retry-after']).toBe('60');
  });

  test('401 says how to authenticate and 405 what is allowed', () => {
    expect(headersOf(new AppError('invalid_api_key', 'x'))['www-authenticate']).toBe('Bearer');
    expect(headersOf(new AppError('method_not_allowed', 'x', { details: { allow: 'GET' } })).allow).toBe('GET');
  });
});
