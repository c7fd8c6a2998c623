import { AppError, errorRegistry, isAppError, isErrorCode, toErrorBody, toStoredError } from './errors.js';
import { isTransportError, isUpstreamError, TransportError, UpstreamError } from './upstream-error.js';

const entries = Object.entries(errorRegistry);

describe('the registry', () => {
  test('never answers 409, which SDKs repeat by themselves', () => {
    expect(entries.filter(([, { status }]) => status === 409)).toEqual([]);
  });

  test('says in a sentence what happened and what to do, for every code', () => {
    for (const [code, { help }] of entries) {
      expect(code).toMatch(/^[a-z][a-z0-9_]*[a-z0-9]$/);
      expect(help).toMatch(/^[A-Z`].*\.$/);
    }
  });

  test('calls a mistake of the client one, and lets no SDK repeat it', () => {
    for (const [code, { status, type, retry }] of entries) {
      if (type !== 'invalid_request_error') continue;
      expect([code, status >= 400 && status < 500, retry]).toEqual([code, true, false]);
    }
  });

  test('hides internal failures', () => {
    const hidden = entries.filter(([, definition]) => !definition.public).map(([code]) => code);
    expect(hidden.sort()).toEqual(['credential_unavailable', 'internal_error', 'unauthorized_internal']);
  });

  test('knows its codes and nothing that only looks like one', () => {
    expect(isErrorCode('not_found')).toBe(true);
    for (const other of ['nope', 'toString', '__proto__', '', 7, null, undefined])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('an error body', () => {
  test('has the four keys of OpenAI, then ours', () => {
    const error = new AppError('still_running', 'It goes on.', { details: { generation_id: 'video_1' } });
    expect(toErrorBody(error)).toEqual({
      error: {
        message: 'It goes on.',
        type: 'server_error',
        param: null,
        code: 'still_running',
        generation_id: 'video_1',
      },
    });
  });

  test('names the field that is wrong', () => {
    const error = new AppError('invalid_value', 'Too long.', { param: 'prompt' });
    expect(toErrorBody(error).error).toMatchObject({ param: 'prompt', code: 'invalid_value' });
    expect(toStoredError(error)).toEqual({ code: 'invalid_value', message: 'Too long.', param: 'prompt' });
  });

  test.each([
    [
      'an internal error',
      new AppError('credential_unavailable', 'secret', { param: 'secret', details: { key: 'secret' } }),
    ],
    ['any other error', new Error('secret')],
    [
      'an error of an upstream',
      new UpstreamError({ code: 'internal_error', message: 'secret', submitClass: 'refused', fault: 'token' }),
    ],
    ['something thrown', 'secret'],
    ['nothing', undefined],
  ])('of %s says nothing of it', (_name, error) => {
    expect(JSON.stringify(toErrorBody(error))).not.toContain('secret');
    expect(toErrorBody(error).error).toMatchObject({ code: 'internal_error', param: null, type: 'server_error' });
  });
});

describe('errors across module copies', () => {
  test('are told by their mark, not by their class', () => {
    jest.isolateModules(() => {
      const copy = require('./errors.js') as typeof import('./errors.js');
      const other = require('./upstream-error.js') as typeof import('./upstream-error.js');
      expect(copy.AppError).not.toBe(AppError);
      expect(isAppError(new copy.AppError('not_found', 'm'))).toBe(true);
      expect(
        isUpstreamError(
          new other.UpstreamError({ code: 'not_found', message: 'm', submitClass: 'unknown', fault: 'proxy' }),
        ),
      ).toBe(true);
      expect(isTransportError(new other.TransportError('m', { sent: true, phase: 'write' }))).toBe(true);
    });
  });

  test('are not taken for one another', () => {
    const transport = new TransportError('m', { sent: false, phase: 'connect' });
    expect([isAppError(transport), isUpstreamError(transport), isTransportError(transport)]).toEqual([
      false,
      false,
      true,
    ]);
    for (const other of [undefined, null, 'AppError', new Error('m'), {}]) {
      expect([isAppError(other), isUpstreamError(other), isTransportError(other)]).toEqual([false, false, false]);
    }
  });

  test('keep their cause, and blame the upstream and no token unless told otherwise', () => {
    const cause = new Error('below');
    expect(new AppError('not_found', 'm', { cause }).cause).toBe(cause);
    expect(new AppError('not_found', 'm')).not.toHaveProperty('cause');
    expect(new TransportError('m', { sent: true, phase: 'write' }).hop).toBe('upstream');
    const options = { code: 'not_found', message: 'm', submitClass: 'refused', fault: 'client' } as const;
    expect(new UpstreamError(options).tokenEffect).toEqual({ effect: 'none' });
  });
});
